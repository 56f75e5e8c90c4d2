"""A decayed count forgets by half-lives and does not care in which order events come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.state.decay import PurchaseTally, Tally, tally, tally_all
from streamrec.system.clock import DAY_MS

EVENTS = st.lists(st.tuples(st.integers(0, 400 * DAY_MS), st.floats(0.1, 5)), min_size=1, max_size=20)


def total(events: list[tuple[int, float]]) -> Tally:
    count = Tally(*events[0])
    for ts, amount in events[1:]:
        count.add(ts, amount, 7 * DAY_MS)
    return count


def test_half_is_left_after_a_half_life() -> None:
    assert Tally(0, 8.0).at(14 * DAY_MS, 7 * DAY_MS) == pytest.approx(2.0)


@given(EVENTS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_count(events: list[tuple[int, float]], random: object) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = total(events), total(shuffled)
    assert one.ts == other.ts
    assert one.count == pytest.approx(other.count)


def test_a_late_event_counts_at_its_own_time() -> None:
    count = Tally(7 * DAY_MS, 1.0)
    count.add(0, 1.0, 7 * DAY_MS)
    assert (count.ts, count.count) == (7 * DAY_MS, pytest.approx(1.5))


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 100)), max_size=40))
def test_a_bounded_set_of_tallies_keeps_those_with_the_newest_events(events: list[tuple[str, int]]) -> None:
    tallies: dict[str, Tally] = {}
    for key, ts in sorted(events, key=lambda event: event[1]):
        tally(tallies, key, ts, 1.0, DAY_MS, 3)
    newest: dict[str, int] = {}
    for key, ts in events:
        newest[key] = max(ts, newest.get(key, -1))
    assert len(tallies) == min(3, len(newest))
    if tallies:
        assert min(entry.ts for entry in tallies.values()) >= sorted(newest.values())[-len(tallies)]


@given(st.lists(st.integers(1, 400 * DAY_MS), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_purchases_know_their_number_and_their_first_in_any_order_of_arrival(times: list[int], random: object) -> None:
    arrived = list(times)
    random.shuffle(arrived)  # type: ignore[attr-defined]
    bought = PurchaseTally(arrived[0], 1.0, 1)
    for ts in arrived[1:]:
        bought.add(ts, 1.0, 7 * DAY_MS)
    first = min(times) if len(times) > 1 else 0
    assert (bought.times, bought.first_ts, bought.ts) == (len(times), first, max(times))
    assert bought.count == pytest.approx(total([(ts, 1.0) for ts in times]).count)


def test_purchases_of_an_older_row_count_from_now_on_and_claim_no_first() -> None:
    bought = PurchaseTally(10, 3.0)
    bought.add(20, 1.0, 7 * DAY_MS)
    assert (bought.times, bought.first_ts) == (1, 0)


KEYS = st.sampled_from("abcdefghij")


@given(st.lists(st.tuples(KEYS, st.integers(0, 50)), max_size=9), st.lists(KEYS, unique=True, max_size=8))
def test_several_keys_at_once_are_the_same_entries_as_one_after_the_other(before: list[tuple[str, int]], keys: list[str]) -> None:
    bound, now = 8, 60
    at_once, one_by_one = dict[str, Tally](), dict[str, Tally]()
    for known in (at_once, one_by_one):
        for key, ts in before:
            tally(known, key, ts, 1.0, DAY_MS, bound)
    tally_all(Tally, at_once, [(key, 1.0) for key in keys], now, DAY_MS, bound)
    for key in keys:
        tally(one_by_one, key, now, 1.0, DAY_MS, bound)
    assert [(key, entry.ts) for key, entry in at_once.items()] == [(key, entry.ts) for key, entry in one_by_one.items()]
