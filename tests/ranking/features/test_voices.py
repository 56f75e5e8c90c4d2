"""What viewers say of an item in comments, in numbers that can be worked out by hand; and what a sentence says of it."""

from __future__ import annotations

from math import log1p
from typing import Any

import pytest

from streamrec.catalogue.catalogue import Catalogue
from streamrec.state.voices import Spoken
from tests.ranking.features.tiny import holding, statistics, values
from tests.shop import DAY, NOW, catalogue, item


def spoken_of(ts: int = NOW, **spoken: Any) -> Catalogue:
    shop = catalogue(item("a"), item("b"))
    shop.put_stats("a", statistics([0.0] * 4, ts=ts, spoken=Spoken(**spoken)))
    return shop


@pytest.mark.parametrize(("name", "voice"), [("wanted", "want"), ("praised", "praise")])
def test_wishes_and_praise_count_by_their_logarithm_and_halve_in_a_week(name: str, voice: str) -> None:
    assert values(spoken_of(**{voice: 8.0}), name) == pytest.approx({"a": log1p(8) / 4, "b": 0.0}, rel=1e-4)
    assert values(spoken_of(NOW - 7 * DAY, **{voice: 8.0}), name)["a"] == pytest.approx(log1p(4) / 4, rel=1e-4)


def test_complaints_count_by_their_share_of_what_is_said() -> None:
    assert values(spoken_of(complaint=5.0), "complained_of") == pytest.approx({"a": 0.5, "b": 0.0})
    assert values(spoken_of(complaint=5.0, praise=6.0, want=4.0), "complained_of")["a"] == pytest.approx(0.25)


def test_what_viewers_want_and_praise_is_said_as_long_as_it_lasts() -> None:
    shop = spoken_of(wanted_until=NOW + DAY, praised_until=NOW + 2 * DAY)
    assert {"viewers_want_it", "viewers_praise_it"} <= holding(shop, "a")
    assert {"viewers_want_it", "viewers_praise_it"} & holding(shop, "a", now=NOW + DAY) == {"viewers_praise_it"}
    assert not {"viewers_want_it", "viewers_praise_it"} & holding(shop, "b")


def test_what_is_spoken_travels_through_the_columns() -> None:
    spoken = Spoken(want=1.5, praise=2.5, complaint=0.25, wanted_until=NOW, praised_until=NOW + DAY, praised_for="service")
    shop = spoken_of()
    stats = statistics([0.0] * 4, version=2, spoken=spoken)
    shop.put_stats("b", stats)
    items = shop.items
    assert items.stats(items.slots["b"], [], []).spoken == spoken
