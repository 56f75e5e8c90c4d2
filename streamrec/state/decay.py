"""Exponential forgetting that gives the same result for every order of arrival.

A decayed count is kept as a value and the time of its newest event, at which the value holds. An event that arrives late is
weighed by its own time and does not move the clock back (forward decay: Cormode et al., ICDE 2009).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import nsmallest
from typing import TypeVar

from msgspec import Struct


def fading(elapsed_ms: float, half_life_ms: float) -> float:
    """The factor by which a count shrinks in `elapsed_ms`: 0.5 for each half-life."""
    return 2.0 ** (-elapsed_ms / half_life_ms)  # type: ignore[no-any-return]


class Tally(Struct, array_like=True, gc=False):
    """A decayed count: its value at `ts`, the time (ms) of its newest event."""

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
        """The count at `now` (ms). Before `ts` it does not grow: an event that lies ahead counts as if it happened now."""
        return self.count * fading(now - self.ts, half_life_ms) if now > self.ts else self.count


class PurchaseTally(Tally):
    """A decayed count of purchases that also knows how many there were, and when they began. Those of older versions know 0 of both."""

    times: int = 0
    first_ts: int = 0
    """Time of the oldest purchase; 0 while there is only one, at `ts`."""

    def add(self, ts: int, amount: float, half_life_ms: float) -> None:
        """Count `amount` and one time more at `ts`."""
        if self.times:
            self.first_ts = min(self.first_ts or self.ts, ts)
        self.times += 1
        super().add(ts, amount, half_life_ms)


T = TypeVar("T", bound=Tally)


def tally(tallies: dict[str, Tally], key: str, ts: int, amount: float, half_life_ms: float, bound: int) -> None:
    """Count `amount` for `key`. When there are more than `bound` entries, the one with the oldest event leaves."""
    tally_with(Tally, tallies, key, ts, amount, half_life_ms, bound)


def tally_with(
    begin: Callable[[int, float], T], tallies: dict[str, T], key: str, ts: int, amount: float, half_life_ms: float, bound: int
) -> None:
    """The same of tallies of another kind; `begin` makes a new one of a time and an amount."""
    tally_all(begin, tallies, [(key, amount)], ts, half_life_ms, bound)


def tally_all(
    begin: Callable[[int, float], T], tallies: dict[str, T], amounts: Iterable[tuple[str, float]], ts: int, half_life_ms: float, bound: int
) -> None:
    """The same of several keys at one time. The entries beyond `bound` leave together, since each leaving looks at all of them."""
    for key, amount in amounts:
        entry = tallies.get(key)
        if entry is None:
            tallies[key] = begin(ts, amount)
        else:
            if ts >= entry.ts:
                # The order of the keys tells which of equal times came last.
                tallies[key] = tallies.pop(key)
            entry.add(ts, amount, half_life_ms)
    if (excess := len(tallies) - bound) > 0:
        for _, key in nsmallest(excess, [(entry.ts, key) for key, entry in tallies.items()]):
            del tallies[key]


def gather(tallies: dict[str, Tally], amounts: Iterable[tuple[str, float]], ts: int, half_life_ms: float, bound: int) -> None:
    """Count an amount for each key at `ts`. Once there are more than `bound` entries, the weakest leave, down to three quarters of it."""
    for key, amount in amounts:
        entry = tallies.get(key)
        if entry is None:
            tallies[key] = Tally(ts, amount)
        else:
            entry.add(ts, amount, half_life_ms)
    if len(tallies) > bound:
        # A quarter at once, so that the sort is paid for once in `bound / 4` new keys. Counts as of `ts`, which changes no order, in plain
        # arithmetic: this is the most that an item's row costs.
        ranked = sorted([(entry.count * 2.0 ** ((entry.ts - ts) / half_life_ms), entry.ts, key) for key, entry in tallies.items()])
        for _, _, key in ranked[: len(ranked) - bound + bound // 4]:
            del tallies[key]
