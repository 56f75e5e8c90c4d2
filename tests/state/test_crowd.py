"""Who bought an item, and when: what is told is so of the purchases that were counted, in whatever order they came."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streamrec.state.crowd import COUNTRIES, FINE_H, KEPT_H, MANY, MILESTONES, Crowd
from streamrec.state.item import ItemRow, Signal, count
from streamrec.system.clock import HOUR_MS
from tests.shop import DAY, NOW

TIMES = st.lists(st.integers(NOW - 120 * DAY, NOW), min_size=1, max_size=60)


def crowd(times: list[int], country: str = "") -> Crowd:
    made = Crowd()
    for ts in times:
        made.note(1, ts, country)
    return made


@given(TIMES, st.randoms(use_true_random=False))
def test_a_crowd_is_the_same_for_every_order_of_purchases(times: list[int], random: object) -> None:
    shuffled = list(times)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert crowd(times) == crowd(shuffled)
    assert len(crowd(times).hours) <= FINE_H + KEPT_H // 24 + 2


@given(TIMES, st.integers(0, 10 * DAY))
def test_a_milestone_is_reached_by_purchases_since_its_time_and_by_none_fewer(times: list[int], later: int) -> None:
    now = max(times) + later
    told = crowd(times).told(now)
    for milestone, ago in zip(MILESTONES, told.ago, strict=False):
        start = (now // HOUR_MS - ago) * HOUR_MS
        assert sum(ts >= start for ts in times) >= milestone
        # Older ones are kept by the day: behind the day of the milestone there are fewer.
        assert sum(ts >= start + DAY for ts in times) < milestone
    if len(told.ago) < len(MILESTONES):
        assert sum(ts >= now - 90 * DAY for ts in times) < MILESTONES[len(told.ago)]


def test_many_people_of_a_country_are_told_and_fewer_are_not() -> None:
    made = crowd([NOW] * MANY, "GB")
    for _ in range(MANY - 1):
        made.note(1, NOW, "FR")
    assert made.told(NOW).countries == ["GB"]
    for number in range(2 * COUNTRIES):
        made.note(1, NOW, f"c{number}")
    assert len(made.countries) == COUNTRIES


def bought(ts: int = NOW, **fields: object) -> Signal:
    return Signal("purchase", ts, **{"amount": 1.0, "before": [], "topic": "purchases", "partition": 0, "offset": 0, "index": 0, **fields})  # type: ignore[arg-type]


def test_an_item_counts_people_at_their_first_purchase_and_once_more_at_the_second() -> None:
    row = ItemRow()
    for signal in (bought(NOW, nth=1), bought(NOW + DAY, nth=2), bought(NOW + 2 * DAY), bought(NOW + DAY, nth=1, country="GB")):
        count(row, signal)
    assert (row.crowd.people, row.crowd.returned, row.crowd.begun, row.crowd.countries) == (2, 1, NOW, {"GB": 1})


def test_a_purchase_of_an_account_that_gives_things_back_is_nobodys() -> None:
    row = ItemRow()
    count(row, bought(amount=0.5, nth=1))
    assert row.crowd == Crowd()


def test_rows_and_signals_of_before_there_were_crowds_are_read() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode([NOW]), type=ItemRow).crowd == Crowd()
    old = ["purchase", NOW, 1.0, [], "purchases", 0, 1, 0, [], True, "GB", 1.0]
    assert msgspec.json.decode(msgspec.json.encode(old), type=Signal).nth == 0
