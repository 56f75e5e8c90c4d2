"""An event type is declared once, and what follows from that is complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from streamrec.events.codec import COMPACTED, INPUTS
from streamrec.events.topics import TOPICS, TRIGGERS, USER_SOURCES, is_trigger
from streamrec.events.types import DECLARED, Erasure, Feedback, RowEvent, UserEvent
from streamrec.state.effects import EFFECTS
from tests.shop import purchase, view

PAGE = (Path(__file__).parents[2] / "docs/producing-events.md").read_text()


def test_every_event_of_a_user_is_declared_and_read_by_the_user_side() -> None:
    assert {DECLARED[name].kind for name in USER_SOURCES} == set(get_args(UserEvent))
    assert set(get_args(UserEvent)) - set(get_args(RowEvent)) == {Erasure}


def test_every_event_that_changes_a_row_has_an_effect() -> None:
    assert EFFECTS.keys() == set(get_args(RowEvent))


def test_what_every_worker_reads_whole_is_compacted_and_has_one_partition() -> None:
    states = {name for name, declaration in DECLARED.items() if declaration.reader == "catalogue"}
    assert states == COMPACTED
    assert not any(TOPICS[name].keyed for name in states)


def test_every_declared_key_is_a_field_of_its_type() -> None:
    for name, declaration in DECLARED.items():
        assert declaration.topic.key in declaration.kind.__struct_fields__, name


def test_triggers_are_answered_and_refunds_feedback_and_erasures_are_not() -> None:
    assert {"views", "purchases", "danmaku"} <= set(TRIGGERS)
    assert not {"feedback", "erasures"} & set(TRIGGERS)
    assert is_trigger(view("u", "a"))
    assert is_trigger(purchase("u", "a"))
    assert not is_trigger(purchase("u", "a", action="refund"))
    assert not is_trigger(Feedback(user_id="u", list_id="l", item_id="a", action="click", ts=view("u", "a").ts))


@pytest.mark.parametrize("name", INPUTS)
def test_the_page_for_producers_lists_every_field_and_marks_those_that_may_be_left_out(name: str) -> None:
    (row,) = re.findall(rf"^\| `{name}` \| (.+) \|$", PAGE, re.MULTILINE)
    kind = DECLARED[name].kind
    defaults = dict(zip(kind.__struct_fields__[::-1], kind.__struct_defaults__[::-1], strict=False))
    for field in kind.__struct_fields__:
        written = re.search(rf"(?:^|, ){field}( =|\?|)", row)
        assert written, f"{name}: {field} is not in the table of docs/producing-events.md"
        assert (written[1] == "?") <= (field in defaults), f"{name}: {field} may not be left out"
