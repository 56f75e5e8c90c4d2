"""An item's counters and neighbours are decayed, bounded and the same for every order of signals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.state.item import HALF_LIVES, KINDS, NEIGHBOURS, ItemRow, Signal, count
from streamrec.state.stats import MOST_BYTES, decode_stats, encode_stats, stats_of
from tests.shop import DAY, NOW


def signal(ts: int = NOW, kind: str = "purchase", before: list[tuple[str, float]] | None = None) -> Signal:
    return Signal(kind, ts, 1.0, before or [], "purchases", 0, 0, 0)


SIGNALS = st.lists(
    st.builds(
        signal,
        st.integers(NOW - 200 * DAY, NOW),
        st.sampled_from(KINDS),
        st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.1, 1)), max_size=3),
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
