"""Marks of every version are read, and what is written has the names and shapes that the version before reads."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.contract.memory import Memory
from streamrec.state.memory import Awaited, Fence, ItemMemory, Late, Sent, UserMemory
from tests.shop import NOW

IDS = st.text(max_size=12)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
PAIRS = st.lists(NUMBERS, min_size=2, max_size=2)
ALIEN = {"partition": st.integers(0, 300), "of a later version": st.dictionaries(IDS, NUMBERS)}
"""What a mark may hold that is no memory of ours: versions before 0.3 wrote the number of the partition into it."""

USER_MARKS = st.fixed_dictionaries(
    {},
    optional={
        "waiting": st.dictionaries(IDS, NUMBERS),
        "late": PAIRS,
        "parked": st.dictionaries(IDS, PAIRS),
        "rejected": st.dictionaries(IDS, PAIRS | NUMBERS),
        **ALIEN,
    },
)
ITEM_MARKS = st.fixed_dictionaries(
    {},
    optional={"fences": st.dictionaries(IDS, PAIRS), "waiting": st.dictionaries(IDS, NUMBERS), "again": st.binary(max_size=9), **ALIEN},
)


def on_the_wire(saved: dict[str, Any]) -> dict[str, Any]:
    """As a dictionary comes out of a mark."""
    plain: dict[str, Any] = msgspec.msgpack.decode(msgspec.msgpack.encode(saved))
    return plain


def kept(kind: type[Memory], saved: dict[str, Any]) -> dict[str, Any]:
    """What a version that reads the plain dictionary finds in it, written by this one: the same, without what says nothing."""
    return {name: saved[name] for name in kind.__struct_fields__ if saved.get(name) not in (None, {}, [0, 0])}


@given(USER_MARKS)
def test_what_users_left_in_a_mark_of_any_version_comes_back_with_the_same_names_and_shapes(saved: dict[str, Any]) -> None:
    wire = on_the_wire(saved)
    assert on_the_wire(UserMemory.load(wire).saved()) == kept(UserMemory, wire)


@given(ITEM_MARKS)
def test_what_items_left_in_a_mark_of_any_version_comes_back_with_the_same_names_and_shapes(saved: dict[str, Any]) -> None:
    wire = on_the_wire(saved)
    assert on_the_wire(ItemMemory.load(wire).saved()) == kept(ItemMemory, wire)


@given(USER_MARKS)
def test_who_waits_keeps_their_turn_through_a_mark(saved: dict[str, Any]) -> None:
    wire = on_the_wire(saved)
    assert list(UserMemory.load(wire).waiting) == list(wire.get("waiting", {}))


CAPTURED = [
    (
        "85a9706172746974696f6e00a777616974696e6782a175cf0000018bcfe56be8a177cf0000018bcfe56be8a46c61746592cd2328cf0000018bcfe56fd0"
        "a67061726b656481a776696577732d379207cc96a872656a656374656481b173747265616d7265632e6974656d732d309208cf0000018bcfe56800",
        UserMemory(
            waiting={"u": NOW + 1000, "w": NOW + 1000},
            late=Late(9000, NOW + 2000),
            parked={"views-7": Awaited(7, 150)},
            rejected={"streamrec.items-0": Sent(8, NOW)},
        ),
    ),
    (
        "84a9706172746974696f6e02a666656e63657382ab7075726368617365732d30920101ab7075726368617365732d31920200a777616974696e67"
        "81a161cf0000018bcfe56be8a5616761696ec40200ff",
        ItemMemory({"purchases-0": Fence(1, 1), "purchases-1": Fence(2, 0)}, {"a": NOW + 1000}, b"\x00\xff"),
    ),
]
"""What the processors of the release before typed memories (commit b835535) left in marks."""


@pytest.mark.parametrize(("raw", "memory"), CAPTURED, ids=["users", "items"])
def test_marks_that_the_release_before_wrote_are_read_and_written_as_it_wrote_them(raw: str, memory: Memory) -> None:
    plain = msgspec.msgpack.decode(bytes.fromhex(raw))
    assert type(memory).load(plain) == memory
    del plain["partition"]
    assert on_the_wire(memory.saved()) == plain
