"""The decayed counts in the rows of several users, as arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from streamrec.state.decay import Tally
from streamrec.state.user import UserRow, unless_refused
from streamrec.system.compiled import jit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Slots = NDArray[np.int32]
KINDS = ("bought", "seen", "named", "shown", "wanted")
_of_row = attrgetter(*KINDS)
_ts, _count, _times, _first = map(attrgetter, ("ts", "count", "times", "first_ts"))


@dataclass(slots=True)
class Tallies:
    """Decayed counts of items by user, of shape (users, n): slots (-1 where a user has fewer), times of the newest events, and `values`."""

    slots: Slots
    ts: Ints
    values: Floats


class Entries:
    """All counts of all kinds of all users behind one another: of each the slot, the time of its newest event, and its value then."""

    def __init__(self, rows: Sequence[UserRow], slots: Mapping[str, int]) -> None:
        """Items without a slot stay, with a slot of -1."""
        tallies = [counts for row in rows for counts in _counts(row)]
        self._begins = np.zeros(len(tallies) + 1, np.int64)
        np.cumsum(list(map(len, tallies)), out=self._begins[1:])
        total, entries = int(self._begins[-1]), [entry for counts in tallies for entry in counts.values()]
        self._slots = np.fromiter(map(slots.get, chain.from_iterable(tallies), repeat(-1)), np.int32, total)
        self._ts = np.fromiter(map(_ts, entries), np.int64, total)
        self._values = np.fromiter(map(_count, entries), np.float64, total)
        bought = [entry for row in rows for entry in row.bought.values()]
        self._bought = [np.fromiter(map(field, bought), np.int64, len(bought)) for field in (_times, _first)]

    def tallies(self, kind: str, now: Ints, half_life_ms: float) -> Tallies:
        """Those of one kind as seen at `now` (users,)."""
        return Tallies(*_spread(KINDS.index(kind), len(KINDS), self._begins, self._slots, self._ts, self._values, now, half_life_ms))

    def purchases(self) -> tuple[Ints, Ints]:
        """How often each item was bought, and when first, in the order of the tallies of kind `bought`."""
        times, first = self._bought
        return _side_by_side(len(KINDS), self._begins, times), _side_by_side(len(KINDS), self._begins, first)


def _counts(row: UserRow) -> tuple[Mapping[str, Tally], ...]:
    bought, seen, named, shown, wanted = _of_row(row)
    return bought, seen, unless_refused(row, named), shown, unless_refused(row, wanted)


@jit
def _spread(
    kind: int, kinds: int, begins: Ints, slots: Slots, ts: Ints, values: Floats, now: Ints, half_life_ms: float
) -> tuple[Slots, Ints, Floats]:
    users, width = len(now), 0
    for user in range(users):
        width = max(width, begins[user * kinds + kind + 1] - begins[user * kinds + kind])
    of, when, left = np.full((users, width), -1, np.int32), np.zeros((users, width), np.int64), np.zeros((users, width))
    for user in range(users):
        begin = begins[user * kinds + kind]
        for place in range(begins[user * kinds + kind + 1] - begin):
            at = begin + place
            of[user, place], when[user, place] = slots[at], ts[at]
            # Not `exp2`: numba cannot keep what calls it, and would compile it in every process.
            left[user, place] = values[at] * math.exp(-math.log(2) * max(now[user] - ts[at], 0) / half_life_ms)
    return of, when, left


@jit
def _side_by_side(kinds: int, begins: Ints, values: Ints) -> Ints:
    """The values of the first kind, user by user, of shape (users, n)."""
    users, width, at = (len(begins) - 1) // kinds, 0, 0
    for user in range(users):
        width = max(width, begins[user * kinds + 1] - begins[user * kinds])
    found = np.zeros((users, width), np.int64)
    for user in range(users):
        for place in range(begins[user * kinds + 1] - begins[user * kinds]):
            found[user, place] = values[at]
            at += 1
    return found
