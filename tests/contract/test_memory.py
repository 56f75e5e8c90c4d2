"""A memory is typed in the code and a plain dictionary in the mark, and a batch that raises leaves nothing in it."""

from __future__ import annotations

import pytest
from msgspec import field

from streamrec.contract.backlog import Backlog
from streamrec.contract.memory import Memory
from streamrec.errors import StateMismatch


class Counts(Memory):
    """What some processor remembers."""

    seen: int = 0
    by_item: dict[str, int] = field(default_factory=dict)
    after: bytes | None = None


def test_what_has_its_default_is_not_written_and_comes_back_as_it_was() -> None:
    assert Counts().saved() == {}
    assert Counts(by_item={"a": 1}).saved() == {"by_item": {"a": 1}}
    assert Counts.load({}) == Counts()
    assert Counts.load({"seen": 3, "after": b"\x00\xff"}) == Counts(3, after=b"\x00\xff")


def test_a_field_of_another_version_is_passed_over() -> None:
    assert Counts.load({"seen": 3, "partition": 7, "later": [{}]}) == Counts(3)


@pytest.mark.parametrize("wrong", [{"seen": "3"}, {"by_item": [1]}, {"by_item": {"a": "b"}}, {"after": 1}])
def test_a_field_of_another_type_is_said_to_be_unreadable(wrong: dict[str, object]) -> None:
    with pytest.raises(StateMismatch, match="what a mark remembers cannot be read"):
        Counts.load(wrong)


def test_a_draft_is_another_memory_down_to_its_dictionaries() -> None:
    memory = Counts(1, {"a": 1})
    draft = memory.draft()
    draft.seen += 1
    draft.by_item["b"] = 2
    del draft.by_item["a"]
    assert memory == Counts(1, {"a": 1})
    assert draft == Counts(2, {"b": 2})


def test_a_name_that_is_no_field_is_an_error_and_not_a_new_entry() -> None:
    with pytest.raises(AttributeError):
        Counts().wating = {}  # type: ignore[attr-defined]


def test_a_memory_that_knows_of_no_waiting_has_no_backlog() -> None:
    assert Counts(seen=4).backlog(0) == Backlog()
