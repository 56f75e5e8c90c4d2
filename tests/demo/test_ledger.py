"""The demo's books: nothing is counted twice, and whichever side comes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.demo.ledger import Ledger, Report, describe
from streamrec.events.types import ModelRef, Recommendation, Trigger
from streamrec.simulator.messages import Message, message

VIEW = message("views", {"user_id": "u", "item_id": "i1", "ts": 1})


def ranked(list_id: str, *offsets: int, degraded: str | None = None) -> Recommendation:
    """A list that covers views of partition 0, and answers the last of them."""
    return Recommendation(
        arm="default",
        list_id=list_id,
        user_id="u",
        trigger=Trigger(topic="views", partition=0, offset=offsets[-1], event_id="e", ts=1),
        generated_ts=1,
        items=[],
        model=ModelRef(name="mini", revision="r", provider="CPU"),
        weights_version="1",
        seq=1,
        covers=[("views", 0, offset) for offset in offsets],
        degraded=degraded,
    )


def report(ledger: Ledger) -> Report:
    return ledger.report(bad_sent=0, simulated=0)


def test_a_list_that_covers_three_triggers_coalesced_two() -> None:
    ledger = Ledger(0.0)
    for offset in range(4):
        ledger.sent("views", VIEW, 10.0 + offset, 0, offset)
    assert ledger.list_read(ranked("a", 0, 1, 2), 20.0) == (VIEW, 8.0)
    found = report(ledger)
    assert (found.triggers, found.lists, found.coalesced, found.uncovered) == (4, 1, 2, 1)
    assert (found.p50_ms, found.p99_ms, found.first_list_s) == (9000.0, 10000.0, 20.0)
    assert (found.model, found.provider) == ("mini", "CPU")


def test_a_list_may_be_readable_before_its_trigger_is_acknowledged() -> None:
    ledger = Ledger(0.0)
    assert ledger.list_read(ranked("a", 0), 11.0) == (None, None)
    ledger.sent("views", VIEW, 10.5, 0, 0)
    found = report(ledger)
    assert (found.triggers, found.lists, found.uncovered, found.p50_ms) == (1, 1, 0, 500.0)


def test_a_repeated_list_changes_no_figure_but_its_own() -> None:
    ledger = Ledger(0.0)
    ledger.sent("views", VIEW, 10.0, 0, 0)
    ledger.list_read(ranked("a", 0, degraded="late"), 11.0)
    ledger.list_read(ranked("a", 0, degraded="late"), 19.0)
    found = report(ledger)
    assert (found.lists, found.coalesced, found.repeated, found.degraded, found.p99_ms) == (1, 0, 1, 1, 1000.0)


def test_what_is_no_trigger_is_not_waited_for() -> None:
    ledger = Ledger(0.0)
    ledger.sent("views", Message("views", b"u", b"{", spoilt="cut_off"), 10.0, 0, 0)
    assert report(ledger).triggers == report(ledger).uncovered == 0


def test_without_lists_there_is_no_latency() -> None:
    found = report(Ledger(0.0))
    assert (found.p50_ms, found.p99_ms, found.first_list_s, found.model) == (None, None, None, "-")


@given(st.data())
def test_once_all_is_read_lists_are_triggers_less_the_coalesced_in_any_order(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 4), max_size=8))
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    happenings: list[tuple[str, int]] = [("sent", offset) for offset in range(sum(sizes))]
    happenings += [("list", number) for number in range(len(sizes))] + [("list", number) for number in range(0, len(sizes), 2)]
    ledger = Ledger(0.0)
    for moment, (kind, number) in enumerate(data.draw(st.permutations(happenings))):
        if kind == "sent":
            ledger.sent("views", VIEW, float(moment), 0, number)
        else:
            ledger.list_read(ranked(f"l{number}", *range(starts[number], starts[number] + sizes[number])), float(moment))
    found = report(ledger)
    assert found.triggers == sum(sizes)
    assert found.lists == len(sizes) == found.triggers - found.coalesced
    assert (found.uncovered, found.repeated) == (0, len(sizes[::2]))


@pytest.mark.parametrize(
    ("topic", "fields", "words"),
    [
        ("views", {"item_id": "i1"}, "looked at Red Cup"),
        ("purchases", {"item_id": "i9"}, "bought i9"),
        ("danmaku", {"text": "多少钱"}, "wrote “多少钱”"),
    ],
)
def test_what_happened_is_told_in_words(topic: str, fields: dict[str, str], words: str) -> None:
    assert describe(message(topic, {"user_id": "u", **fields}), {"i1": "Red Cup"}) == words
