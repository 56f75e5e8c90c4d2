"""Marks and stamps."""

from __future__ import annotations

import msgspec
import pytest

from streamrec.contract.memory import Memory
from streamrec.engine.store.mark import VERSION, Mark, Stamp, decode_mark, decode_stamp, encode, is_garbage
from streamrec.errors import StateMismatch
from streamrec.state.memory import ItemMemory, UserMemory


def test_a_mark_comes_back_with_the_memory_of_the_processor() -> None:
    mark = Mark({"views": 7}, {"views": "id"}, {"fences": {"views": [1, 2]}, "rate": 0.5, "raw": b"\x00"})
    assert decode_mark(encode(mark)) == mark


def test_a_mark_of_a_later_version_is_refused() -> None:
    with pytest.raises(StateMismatch, match="newer"):
        decode_mark(encode(Mark({}, {}, {}, VERSION + 1)))


def test_a_stamp_that_is_damaged_is_refused() -> None:
    raw = encode(Stamp("log", 1, 2, None))
    with pytest.raises(StateMismatch, match="cannot be read"):
        decode_stamp(raw[:-3])


def test_fields_that_a_later_version_adds_are_passed_over() -> None:
    raw = msgspec.msgpack.encode({"next": {}, "topics": {}, "memory": {}, "version": VERSION, "order": [1, 2]})
    assert decode_mark(raw) == Mark({}, {}, {})


@pytest.mark.parametrize(
    ("memory", "saved"),
    [
        (UserMemory, {"waiting": {"anna": 5.5}}),
        (UserMemory, {"late": None}),
        (ItemMemory, {"fences": {"views-1": [1]}}),
        (ItemMemory, {"again": "anna"}),
    ],
)
def test_a_mark_with_a_memory_that_no_version_has_written_is_garbage(memory: type[Memory], saved: dict[str, object]) -> None:
    assert is_garbage(encode(Mark({}, {}, saved)), memory)
    assert not is_garbage(encode(Mark({}, {}, {})), memory)


def test_a_mark_of_a_later_version_is_no_garbage_whatever_it_remembers() -> None:
    assert not is_garbage(encode(Mark({}, {}, {"waiting": {"anna": 5.5}}, VERSION + 1)), UserMemory)
