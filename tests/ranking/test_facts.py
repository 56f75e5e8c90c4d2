"""Which reasons hold of a place, worked out by hand; and the user's own item and the number that the sentences name."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from streamrec.catalogue.catalogue import Catalogue
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.features.schema import DECLARED, FEATURES
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import Blend
from streamrec.state.apply import apply
from streamrec.state.crowd import Crowd
from streamrec.state.decay import Tally
from streamrec.state.user import Asked, UserRow
from streamrec.state.voices import Spoken
from streamrec.understanding.aspects import ASPECTS
from tests.catalogue.test_catalogue import stats
from tests.ranking.features import seeded_shop
from tests.ranking.features.tiny import holding, statistics, user
from tests.shop import DAY, NOW, WordModel, catalogue, item, purchase, room, settings, view

HOUR = DAY // 24


def crowd(*days: float, country: str = "", returned: int = 0) -> Crowd:
    """People who first bought something so many days ago, and how many of them came back."""
    made = Crowd()
    for ago in days:
        made.note(1, NOW - int(ago * DAY), country)
    for _ in range(returned):
        made.note(2, NOW, country)
    return made


def sold(*days: float, believed: float = 10.0, **fields: Any) -> Catalogue:
    """A shop with one item that people bought so many days ago."""
    shop = catalogue(item("a"))
    made = crowd(*days, **{name: fields.pop(name) for name in ("country", "returned") if name in fields})
    counts = [believed] * 4
    shop.put_stats("a", statistics(counts, first_ts=NOW - 200 * DAY, crowd=made.told(NOW), **fields))
    return shop


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([0.1] * 10, {"popular_today", "popular_this_week", "popular_this_month", "popular"}),
        ([0.1] * 9 + [1.1], {"popular_this_week", "popular_this_month", "popular"}),
        ([0.1] * 9 + [8.5], {"popular_this_month", "popular"}),
        ([0.1] * 9 + [32.0], {"popular"}),
        ([0.1] * 9 + [92.0], set()),
        ([0.1] * 9, set()),
        ([40.0] * 1000, {"popular"}),
    ],
)
def test_many_people_are_those_who_came_within_the_span_that_the_sentence_names(days: list[float], expected: set[str]) -> None:
    told = {code for code in holding(sold(*days), "a") if code.startswith("popular")}
    assert told == expected


def test_many_people_must_be_believed() -> None:
    assert "popular_this_week" not in holding(sold(*[0.1] * 50, believed=9.9), "a")


def test_many_people_of_a_country_are_told_to_its_people_only() -> None:
    shop = sold(*[0.1] * 10, country="GB", countries=[("FR", 3.0), ("GB", 9.0)])
    assert "popular_in_country" in holding(shop, "a", UserRow(country="GB"))
    assert "popular_in_country" not in holding(shop, "a", UserRow(country="FR"))
    assert "popular_in_country" not in holding(shop, "a", UserRow())


@pytest.mark.parametrize(
    ("days", "rises"),
    [
        ([1, 2, 3, 4, 5, 6, 200], True),
        ([1, 2, 3, 4, 5, 6], False),  # nobody knows what came before
        ([1, 2, 3, 4, 200], False),  # four are chance
        ([*[1] * 10, *[20] * 30, *[50] * 70, 200], False),
        ([*range(0, 90, 1), 200], False),
        ([*[10] * 30, *[80] * 5, 200], True),
        ([200], False),
    ],
)
def test_an_item_rises_when_people_come_faster_than_chance_explains(days: list[float], rises: bool) -> None:
    assert ("rising" in holding(sold(*days), "a")) == rises


def test_what_sold_within_a_week_to_others_is_still_sold() -> None:
    shop = catalogue(item("a"), item("never"))
    shop.put_stats("a", statistics([1.0] * 4, sold_ts=NOW - 7 * DAY))
    shop.put_stats("never", statistics([0.0] * 4, seen=[5.0] * 4, sold_ts=0))
    assert "still_sold" in holding(shop, "a")
    assert "still_sold" not in holding(shop, "a", now=NOW + HOUR)
    assert "still_sold" not in holding(shop, "a", user(bought={"a": (NOW - 7 * DAY, 1.0)}))
    assert "still_sold" not in holding(shop, "never")


def test_people_come_back_for_what_five_and_a_fifth_of_the_buyers_bought_twice() -> None:
    assert "often_rebought" in holding(sold(*[1] * 25, returned=5), "a")
    assert "often_rebought" not in holding(sold(*[1] * 26, returned=5), "a")
    assert "often_rebought" not in holding(sold(*[1] * 4, returned=4), "a")


def test_what_the_viewer_did_with_the_item_is_told_of_that_item_and_that_viewer() -> None:
    shop = catalogue(item("a"), item("b"))
    row = user(bought={"a": (NOW - 14 * DAY, 1.0)}, seen={"a": (NOW, 0.3)}, named={"a": (NOW - 6 * HOUR, 1.0)})
    own = {"bought_before", "bought_recently", "looked_at", "you_mentioned"}
    assert own <= holding(shop, "a", row)
    assert not own & holding(shop, "b", row)
    assert not own & holding(shop, "a")
    assert own & holding(shop, "a", row, now=NOW + HOUR) == {"bought_before", "looked_at"}


def test_of_what_a_viewer_wrote_the_sentence_says_the_most_that_is_so() -> None:
    shop, row = catalogue(item("a")), user(named={"a": (NOW, 1.0)})
    said = {"you_mentioned", "you_asked", "you_want_it"}
    assert said & holding(shop, "a", row) == {"you_mentioned"}
    row.asked["a"] = Asked(NOW, "size")
    assert said & holding(shop, "a", row) == {"you_asked"}
    assert said & holding(shop, "a", row, now=NOW + 6 * HOUR + 1) == {"you_mentioned"}
    row.wanted["a"] = Tally(NOW, 1.0)
    assert said & holding(shop, "a", row) == {"you_asked", "you_want_it"}


def test_a_place_tells_what_the_viewer_asked_and_what_others_praise() -> None:
    shop, row = catalogue(item("a"), item("b")), UserRow(asked={"b": Asked(NOW, "delivery")})
    shop.put_stats("a", statistics([0.0] * 4, spoken=Spoken(praise=9.0, praised_until=NOW + DAY, praised_for="quality")))
    ranked = Ranker(shop, settings()).rank(queries([row, UserRow()], [NOW, NOW], [None, None], shop))

    def told(found: Any, viewer: int) -> dict[str, int]:
        places = zip(ranked.slots[viewer].tolist(), found[viewer].tolist(), strict=True)
        return {shop.items.ids[slot]: about for slot, about in places if slot >= 0}

    assert told(ranked.asked_about, 0) == {"a": 0, "b": ASPECTS.index("delivery") + 1}
    assert told(ranked.asked_about, 1) == {"a": 0, "b": 0}
    assert told(ranked.praised_for, 1) == {"a": ASPECTS.index("quality") + 1, "b": 0}


def test_a_favourite_has_a_fair_share_of_the_interest_and_more_than_one_look() -> None:
    shop = catalogue(item("a", category="x"), item("b", category="y"), item("c", category="x"), item("d"))
    assert "favourite_category" in holding(shop, "a", user(bought={"c": (NOW, 1.0)}))
    assert "favourite_category" not in holding(shop, "a", user(seen={"c": (NOW, 1.0)}))
    assert "favourite_category" not in holding(shop, "a", user(bought={"c": (NOW, 1.0), "b": (NOW, 4.1)}))
    assert "favourite_category" not in holding(shop, "d", user(bought={"d": (NOW, 9.0)}))
    assert "favourite_brand" not in holding(shop, "a", user(bought={"c": (NOW, 1.0)}))


def test_new_is_what_was_listed_within_a_month_or_first_heard_of_in_an_older_shop() -> None:
    shop = catalogue(item("dated", created_ts=NOW - 30 * DAY), item("old", created_ts=NOW - 31 * DAY), item("heard"), item("unheard"))
    shop.put_stats("heard", statistics([1.0] * 4, first_ts=NOW - DAY))
    assert "new" in holding(shop, "dated")
    assert "new" not in holding(shop, "old")
    assert "new" not in holding(shop, "unheard")
    assert "new" not in holding(shop, "heard"), "in a shop of which nobody has heard for longer everything would be"
    shop.put_stats("old", statistics([1.0] * 4, first_ts=NOW - 31 * DAY))
    assert "new" in holding(shop, "heard")


def test_a_usual_price_is_near_the_mean_and_near_half_of_what_was_bought() -> None:
    shop = catalogue(*(item(f"i{price}", price=price) for price in (1, 8, 10, 12, 15, 100)))

    def pays(*prices: int, paid: float = 10.0) -> UserRow:
        row = user(bought={f"i{price}": (NOW, 1.0) for price in prices})
        row.spent, row.orders = Tally(NOW, 2.302585 * paid / 10.0 * len(prices)), Tally(NOW, float(len(prices)))
        return row

    assert "usual_price" in holding(shop, "i12", pays(8, 10))
    assert "usual_price" not in holding(shop, "i15", pays(8, 10)), "too dear"
    assert "usual_price" not in holding(shop, "i10", pays(1, 100)), "the mean of a cheap and a dear thing is no habit"
    assert "usual_price" not in holding(shop, "i10", pays(10)), "nor is a single purchase"
    assert "usual_price" not in holding(shop, "i10")


def test_a_room_speaks_for_its_own_shelf_only() -> None:
    shop = catalogue(item("a"), item("b"), item("c"))
    shop.put_room(room("r", ["a", "b"], on_air="b"))
    assert {"in_this_room", "on_air"} & holding(shop, "a", room_id="r") == {"in_this_room"}
    assert {"in_this_room", "on_air"} <= holding(shop, "b", room_id="r")
    assert not {"in_this_room", "on_air"} & (holding(shop, "c", room_id="r") | holding(shop, "b"))


def because(shop: Catalogue, row: UserRow) -> dict[str, tuple[str | None, set[str]]]:
    """The named item and the reasons that name one, by item."""
    result = Ranker(shop, settings(repeats="exclude", k=20)).rank(queries([row], [NOW], [None], shop))
    ids, naming = shop.items.ids, {feature.reason for feature in DECLARED if feature.bond}
    return {
        ids[slot]: (ids[own] if own >= 0 else None, {DECLARED[feature].reason for feature in speak.tolist() if feature >= 0} & naming)
        for slot, own, speak in zip(result.slots[0], result.because[0], result.speak[0], strict=True)
        if slot >= 0
    }


def test_what_resembles_or_was_bought_with_an_item_of_the_user_names_that_item() -> None:
    shop = catalogue(
        item("mug", "red mug"), item("hose", "garden hose"), item("mug2", "Red Mug"), item("rake", "iron rake"), model=WordModel()
    )
    shop.put_items([item(f"other{number}", f"thing{number}") for number in range(5)])
    for number in range(5):
        shop.put_stats(f"other{number}", stats(1))
    shop.put_stats("rake", stats(3, before=[("hose", 1.0)]))
    row = UserRow()
    apply(row, purchase("u", "mug"))
    apply(row, view("u", "hose", NOW - DAY))
    found = because(shop, row)
    assert found["mug2"] == ("mug", {"similar_to_recent"})
    assert found["rake"] == ("hose", {"bought_together"})
    assert found["other0"] == (None, set())
    shop.put_stats("rake", stats(4, ts=NOW + 1, before=[("hose", 0.4)]))
    assert because(shop, row)["rake"] == (None, set()), "too few bought both"


def test_a_word_in_common_is_no_resemblance_where_random_pairs_have_one() -> None:
    shop = catalogue(*(item(f"i{number}", f"red thing{number}") for number in range(100)), model=WordModel())
    shop.put_items([item("twin", "red thing7")])
    row = user(seen={"i7": (NOW, 1.0)})
    assert "similar_to_recent" in holding(shop, "twin", row)
    assert "similar_to_recent" not in holding(shop, "i8", row)


def test_what_the_viewer_has_is_not_said_to_be_picked_by_others() -> None:
    """Of the purchases that tie two items the viewer may have made all."""
    shop = catalogue(item("a"), item("b"))
    shop.put_stats("a", stats(5, before=[("b", 1.0)]))
    assert "bought_together" in holding(shop, "a", user(bought={"b": (NOW, 1.0)}))
    assert "bought_together" not in holding(shop, "a", user(bought={"b": (NOW, 1.0), "a": (NOW, 1.0)}))


def test_a_user_without_a_history_has_nothing_that_speaks_for_an_item() -> None:
    shop = catalogue(item("a"), item("b"), model=WordModel())
    shop.put_stats("a", stats(3))
    assert all(told == (None, set()) for told in because(shop, UserRow()).values())


def test_purchases_of_the_week_are_told_as_the_round_number_that_was_reached() -> None:
    shop = sold(*[0.5] * 13, *[8.5] * 90)
    ranker = Ranker(shop, settings())
    asked = queries([UserRow(), UserRow()], [NOW, NOW + 7 * DAY], [None, None], shop)
    assert ranker.rank(asked).bought_7d[:, 0].tolist() == [10, 0]


@pytest.mark.parametrize("seed", range(8))
def test_a_place_has_the_same_reasons_alone_as_amid_the_lists_of_others(seed: int) -> None:
    """What a family of features adds is summed over all that hold, also those that speak against the item in this list alone."""
    dice = Random(7)
    shop, rows = seeded_shop.shop(dice), seeded_shop.people(dice)
    weights = dict(zip(FEATURES, np.random.default_rng(seed).normal(size=len(FEATURES)).tolist(), strict=True))
    ranker = Ranker(shop, settings(k=4, repeats="exclude"), Blend(weights, "v"))
    together = ranker.rank(queries(rows, [NOW] * len(rows), [None] * len(rows), shop))
    for number, row in enumerate(rows):
        alone = ranker.rank(queries([row], [NOW], [None], shop))
        assert alone.slots[0].tolist() == together.slots[number].tolist()
        assert alone.speak[0].tolist() == together.speak[number].tolist()
