"""An item's counters and neighbours are decayed, bounded and the same for every order of signals."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.state.item import HALF_LIVES, KINDS, LINK_LEAST, NEIGHBOURS, ItemRow, Signal, count
from streamrec.state.packing import unpack_item
from streamrec.state.stats import MOST_BYTES, MOST_NEIGHBOURS, decode_stats, encode_stats, stats_of
from tests.shop import DAY, NOW


def signal(ts: int = NOW, kind: str = "purchase", before: list[tuple[str, float]] | None = None) -> Signal:
    return Signal(kind, ts, 1.0, before or [], "purchases", 0, 0, 0)


def said(ts: int = NOW, like: int = 0, account: int = 0, *voices: str, amount: float = 1.0) -> Signal:
    """What a comment says; `like` tells different ones apart."""
    return Signal("mention", ts, amount, [], "danmaku", 0, 0, 0, voices=list(voices), like=spread(like), account=account)


def spread(number: int) -> int:
    """Hashes that are far apart."""
    return int.from_bytes(blake2b(str(number).encode(), digest_size=8).digest(), signed=True)


SIGNALS = st.lists(
    st.one_of(
        st.builds(
            signal,
            st.integers(NOW - 200 * DAY, NOW),
            st.sampled_from([kind for kind in KINDS if kind != "mention"]),
            st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.1, 1)), max_size=3),
        ),
        # No later than comments may come.
        st.builds(
            lambda minute, like, account: said(NOW + minute * 60_000, like, account),
            st.integers(0, 5),
            st.integers(0, 1),
            st.integers(0, 5),
        ),
    ),
    min_size=1,
    max_size=20,
)


@given(SIGNALS, st.randoms(use_true_random=False))
def test_the_row_is_the_same_for_every_order_of_signals(signals: list[Signal], random: object) -> None:
    shuffled = list(signals)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = ItemRow(), ItemRow()
    for each in signals:
        count(one, each)
    for each in shuffled:
        count(other, each)
    assert (one.ts, one.first_ts, one.version) == (other.ts, other.first_ts, other.version)
    assert {voice: entry.ts for voice, entry in one.chorus.voices.items()} == {voice: e.ts for voice, e in other.chorus.voices.items()}
    for mine, theirs in zip(one.counts, other.counts, strict=True):
        assert mine == pytest.approx(theirs)
    assert {name: entry.count for name, entry in one.neighbours.items()} == pytest.approx(
        {name: entry.count for name, entry in other.neighbours.items()}
    )


def test_counters_fade_by_their_own_half_life() -> None:
    row = ItemRow()
    count(row, signal(NOW))
    count(row, signal(NOW + 7 * DAY, kind="view"))
    purchases = row.counts[KINDS.index("purchase")]
    assert purchases == pytest.approx([2.0 ** (-7 * DAY / half) for half in HALF_LIVES])


def test_statistics_fit_into_a_kilobyte_even_with_the_longest_ids() -> None:
    row = ItemRow()
    for number in range(2 * NEIGHBOURS):
        count(row, signal(NOW + number, before=[(f"{number:x^128}", 1.0)]))
    assert NEIGHBOURS // 2 < len(row.neighbours) <= NEIGHBOURS
    raw = encode_stats(stats_of(row))
    assert len(raw) <= MOST_BYTES
    read = decode_stats(raw)
    assert read.version == 2 * NEIGHBOURS
    assert read.neighbours


def test_statistics_travel_unchanged() -> None:
    row = ItemRow()
    count(row, signal(before=[("a", 0.5), ("b", 0.25)]))
    stats = stats_of(row)
    assert decode_stats(encode_stats(stats)) == stats
    assert stats.neighbours == [("a", 0.5), ("b", 0.25)]


def test_a_full_row_keeps_its_strongest_neighbours_and_room_for_new_ones() -> None:
    row = ItemRow()
    for _ in range(3):
        count(row, signal(NOW, before=[("strong", 1.0)]))
    for number in range(2 * NEIGHBOURS):
        count(row, signal(NOW + number, before=[(f"n{number}", 1.0)]))
    assert "strong" in row.neighbours
    assert f"n{2 * NEIGHBOURS - 1}" in row.neighbours
    assert "n0" not in row.neighbours


def test_what_everybody_buys_does_not_fill_the_statistics() -> None:
    row = ItemRow()
    count(row, signal(before=[(f"hit{number}", 1.0) for number in range(MOST_NEIGHBOURS)] + [("rare", 0.5)]))

    def popularity(item_ids: Sequence[str]) -> Any:
        return np.array([1.0 if item_id == "rare" else 100.0 for item_id in item_ids])

    told = stats_of(row, popularity).neighbours
    assert told[0] == ("rare", 0.5)
    assert len(told) == MOST_NEIGHBOURS


def test_a_purchase_says_who_came_before_whether_again_and_from_where() -> None:
    row = ItemRow()
    sold = Signal("purchase", NOW, 1.0, [], "purchases", 0, 0, 0, ["a", "b"], True, "France")
    count(row, sold)
    count(row, signal(NOW + DAY, kind="view"))
    stats = decode_stats(encode_stats(stats_of(row)))
    assert [item_id for item_id, _ in stats.leaders] == ["a", "b"]
    assert stats.again == pytest.approx(2 ** (-1 / 90), abs=1e-3)
    assert (stats.sold_ts, stats.ts) == (NOW, NOW + DAY)
    assert stats.countries == [("France", pytest.approx(2 ** (-1 / 30), abs=1e-3))]


def stranger(ts: int = NOW, kind: str = "purchase", standing: float = 0.0, before: list[tuple[str, float]] | None = None) -> Signal:
    return Signal(kind, ts, 1.0, before or [], "purchases", 0, 0, 0, standing=standing)


def told(*signals: Signal, kind: str = "purchase") -> list[float]:
    row = ItemRow()
    for each in signals:
        count(row, each)
    return stats_of(row).counts[KINDS.index(kind)]


@pytest.mark.parametrize("kind", ["purchase", "view"])
def test_a_throng_of_strangers_moves_an_item_little(kind: str) -> None:
    few, many, throng = (told(*[stranger(kind=kind)] * size, kind=kind)[0] for size in (2, 100, 10_000))
    assert few == 2.0
    assert few < many < 10
    assert many < throng < 20


def test_an_item_that_many_know_is_not_held_back() -> None:
    assert told(*[signal()] * 10, *[stranger()] * 11) == pytest.approx([21.0] * len(HALF_LIVES))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_what_strangers_say_adds_up_to_no_more_than_it_is_and_never_takes_away(standings: list[float]) -> None:
    before = 0.0
    for size in range(1, len(standings) + 1):
        counts = told(*(stranger(standing=standing) for standing in standings[:size]))[0]
        assert before - 1e-3 <= counts <= size + 1e-3
        before = counts


def test_strangers_fade_as_everything_does() -> None:
    assert told(stranger(NOW), stranger(NOW + 7 * DAY, standing=1.0))[1] == pytest.approx(1.5, abs=1e-3)


def test_links_that_strangers_make_are_weak() -> None:
    row = ItemRow()
    count(row, stranger(before=[("a", 1.0)]))
    count(row, stranger(before=[("b", 1.0)], standing=1.0))
    assert row.neighbours["a"].count == pytest.approx(LINK_LEAST)
    assert row.neighbours["b"].count == 1.0


def test_what_one_account_repeats_links_no_more_than_it_counts() -> None:
    row = ItemRow()
    for amount in (1.0, 0.5, 0.25):
        count(row, Signal("purchase", NOW, amount, [("a", 1.0)], "purchases", 0, 0, 0, ["b"]))
    assert (row.neighbours["a"].count, row.leaders["b"].count) == (1.75, 1.75)


def test_a_row_of_before_has_no_strangers() -> None:
    raw = b"\x03" + msgspec.msgpack.encode([NOW, [[1.0] * 4] * 6, {}, NOW, 1])
    row = unpack_item(raw)
    count(row, stranger(NOW))
    assert stats_of(row).counts[KINDS.index("purchase")] == [2.0] * 4


def test_newcomers_are_what_strangers_bought_as_far_as_it_is_believed() -> None:
    row = ItemRow()
    for standing in (0.0, 0.25, 1.0):
        count(row, stranger(standing=standing))
    count(row, stranger(kind="view"))
    stats = stats_of(row)
    assert stats.newcomers == pytest.approx([1.75] * 4)
    assert stats.counts[KINDS.index("purchase")] == pytest.approx([3.0] * 4)
    for _ in range(98):
        count(row, stranger())
    assert 1.75 < stats_of(row).newcomers[0] < 20, "a throng is believed a little"


def test_newcomers_fade_and_travel_with_the_statistics() -> None:
    row = ItemRow()
    count(row, stranger(NOW))
    count(row, stranger(NOW + 30 * DAY, standing=1.0))
    told = decode_stats(encode_stats(stats_of(row))).newcomers
    assert told == pytest.approx([2.0**-30, 2 ** (-30 / 7), 0.5, 2 ** (-1 / 3)], abs=1e-3)
