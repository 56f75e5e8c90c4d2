"""Made-up viewers look from the top, react to what they saw, and click by their taste."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from streamrec.events.codec import decode
from streamrec.events.fields import EventTime
from streamrec.events.types import Feedback, ModelRef, RankedItem, Recommendation, Trigger
from streamrec.simulator.feedback import Critics, taste
from tests.shop import NOW, item

ITEMS = [
    item(f"i{number}", "blue cup" if number % 2 else "red mug", price=number + 1, created_ts=EventTime(NOW + number))
    for number in range(10)
]


def made(number: int = 0) -> Recommendation:
    return Recommendation(
        list_id=f"views-0-{number}",
        user_id="u",
        trigger=Trigger(topic="views", partition=0, offset=number, event_id="e", ts=NOW),
        generated_ts=NOW,
        items=[RankedItem(item_id=each.item_id, rank=rank + 1, score=0.0, scores={}, reasons=[]) for rank, each in enumerate(ITEMS)],
        model=ModelRef(name="m", revision="r", provider="p"),
        weights_version="v",
        seq=1,
        covers=[],
        arm="default",
    )


def events(critics: Critics, lists: int) -> list[Feedback]:
    found: list[Any] = [decode(each.topic, each.value) for number in range(lists) for each in critics.reactions(made(number), NOW)]
    return found


def test_every_list_is_looked_at_from_its_top_and_only_what_was_seen_is_clicked_and_only_what_was_clicked_bought() -> None:
    found = events(Critics(taste(ITEMS, "cheap")), 200)
    seen = {(one.list_id, one.item_id) for one in found if one.action == "impression"}
    clicked = {(one.list_id, one.item_id) for one in found if one.action == "click"}
    bought = {(one.list_id, one.item_id) for one in found if one.action == "purchase"}
    assert bought < clicked < seen
    looked = Counter(one.position for one in found if one.action == "impression")
    assert [looked[place] for place in range(10)] == sorted(looked.values(), reverse=True)
    assert looked[0] == 200


@pytest.mark.parametrize(("likes", "liked"), [("cheap", "i0 i1 i2 i3 i4"), ("new", "i5 i6 i7 i8 i9"), ("CUP", "i1 i3 i5 i7 i9")])
def test_they_click_by_their_taste(likes: str, liked: str) -> None:
    critics = Critics(taste(ITEMS, likes))
    found = events(critics, 400)
    seen = Counter(one.item_id in liked.split() for one in found if one.action == "impression")
    clicked = Counter(one.item_id in liked.split() for one in found if one.action == "click")
    assert clicked[True] / seen[True] > 4 * clicked[False] / seen[False]
    assert critics.share(made()) == 0.5


def test_cheap_is_what_is_cheap_in_its_currency() -> None:
    yuan = [item(f"y{number}", "杯子", price=100.0 + number, currency="CNY") for number in range(4)]
    likes = taste([*ITEMS, *yuan], "cheap")
    assert [likes("u", f"y{number}") for number in range(4)] == [True, True, False, False]
    assert likes("u", "i0")
    assert not likes("u", "i9")


def test_the_same_seed_gives_the_same() -> None:
    assert msgspec.json.encode(events(Critics(taste(ITEMS, "new"), 3), 5), enc_hook=int) == msgspec.json.encode(
        events(Critics(taste(ITEMS, "new"), 3), 5), enc_hook=int
    )
