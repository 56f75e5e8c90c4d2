"""The row of one item: decayed counters at several half-lives and the items that were bought before it by the same people."""

from __future__ import annotations

from msgspec import Struct, field

from streamrec.state.decay import DAY_MS, Tally, fading, tally

KINDS = ("view", "purchase", "refund", "mention", "impression", "click")
HALF_LIVES = (DAY_MS, 7 * DAY_MS, 30 * DAY_MS, 90 * DAY_MS)
NEIGHBOUR_HALF_LIFE = 90 * DAY_MS
NEIGHBOURS = 96


class Signal(Struct, array_like=True, gc=False):
    """What one event says about one item; `before` are the items of the same user just before it, with weights.

    The source coordinates (topic, partition, offset, index within the event) let the item side count it once.
    """

    kind: str
    ts: int
    amount: float
    before: list[tuple[str, float]]
    topic: str
    partition: int
    offset: int
    index: int


class ItemRow(Struct, array_like=True):
    """Counters by kind and half-life, all as of `ts`. New fields go to the end, with a default."""

    ts: int = 0
    counts: list[list[float]] = field(default_factory=lambda: [[0.0] * len(HALF_LIVES) for _ in KINDS])
    neighbours: dict[str, Tally] = field(default_factory=dict)
    first_ts: int = 0
    version: int = 0
    """Number of signals that this row has seen."""


def count(row: ItemRow, signal: Signal) -> None:
    """Add one signal; signals of different times may come in any order."""
    age = signal.ts - row.ts
    if row.version and age > 0:
        fade = [fading(age, half) for half in HALF_LIVES]
        row.counts = [[value * f for value, f in zip(values, fade, strict=True)] for values in row.counts]
    row.ts = max(row.ts, signal.ts) if row.version else signal.ts
    row.first_ts = min(row.first_ts, signal.ts) if row.version else signal.ts
    late = row.ts - signal.ts
    values = row.counts[KINDS.index(signal.kind)]
    for position, half in enumerate(HALF_LIVES):
        values[position] += signal.amount * fading(late, half)
    for item_id, weight in signal.before:
        tally(row.neighbours, item_id, signal.ts, weight, NEIGHBOUR_HALF_LIFE, NEIGHBOURS)
    row.version += 1
