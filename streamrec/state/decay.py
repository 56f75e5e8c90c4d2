"""Exponential forgetting that gives the same result for every order of arrival.

A decayed count is kept as (value, time): the value as seen at that time, which is that of the newest event. An older
event that comes late is weighed at its own time instead of moving the clock back (forward decay: Cormode et al., ICDE 2009).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


def fading(elapsed_ms: float, half_life_ms: float) -> float:
    """What is left of one after `elapsed_ms`; 0.5 per half-life."""
    return 2.0 ** (-elapsed_ms / half_life_ms)  # type: ignore[no-any-return]


class Tally(Struct, array_like=True, gc=False):
    """A decayed count: `count` as of `ts`, the time (ms) of its newest event."""

    ts: int
    count: float

    def add(self, ts: int, amount: float, half_life_ms: float) -> None:
        """Count `amount` at `ts`."""
        if ts >= self.ts:
            self.count = self.count * fading(ts - self.ts, half_life_ms) + amount
            self.ts = ts
        else:
            self.count += amount * fading(self.ts - ts, half_life_ms)

    def at(self, now: int, half_life_ms: float) -> float:
        """The count as seen at `now`; an event that lies ahead of `now` is not faded."""
        return self.count * fading(now - self.ts, half_life_ms) if now > self.ts else self.count


def tally(tallies: dict[str, Tally], key: str, ts: int, amount: float, half_life_ms: float, bound: int) -> None:
    """Count `amount` for `key`; the entry with the oldest event leaves when there are more than `bound`."""
    entry = tallies.get(key)
    if entry is None:
        tallies[key] = Tally(ts, amount)
        if len(tallies) > bound:
            del tallies[min(tallies, key=lambda known: (tallies[known].ts, known))]
    else:
        if ts >= entry.ts:
            # The order of the keys tells which of equal times came last.
            tallies[key] = tallies.pop(key)
        entry.add(ts, amount, half_life_ms)


def gather(tallies: dict[str, Tally], amounts: Iterable[tuple[str, float]], ts: int, half_life_ms: float, bound: int) -> None:
    """Count an amount for each key at `ts`; once there are more than `bound`, the weakest quarter leaves in one go."""
    for key, amount in amounts:
        entry = tallies.get(key)
        if entry is None:
            tallies[key] = Tally(ts, amount)
        else:
            entry.add(ts, amount, half_life_ms)
    if len(tallies) > bound:
        # Counts as of `ts`, which changes no order: plain arithmetic, for this is the most that an item's row costs.
        ranked = sorted([(entry.count * 2.0 ** ((entry.ts - ts) / half_life_ms), entry.ts, key) for key, entry in tallies.items()])
        for _, _, key in ranked[: len(ranked) - bound + bound // 4]:
            del tallies[key]
