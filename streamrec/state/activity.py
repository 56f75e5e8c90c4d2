"""On which days an account was active first and last: what tells a customer from an account that was made for today."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

KNOWN_DAYS = 2
"""Earlier days with events after which an account is known."""


class Activity(Struct, array_like=True, gc=False):
    """Days are UTC; all but the first are counted from it, which keeps rows short."""

    first: int
    """Since the epoch."""
    second: int = 0
    """The second day with events; 0: there was none."""
    newest: int = 0
    told: int = 0
    """Signals that were sent to items on the newest day."""

    @classmethod
    def of(cls, days: Iterable[int]) -> Activity | None:
        """What a row tells that was written before there was an Activity: its items name some of the days."""
        found = sorted(set(days))
        if not found:
            return None
        return cls(found[0], found[1] - found[0] if len(found) > 1 else 0, found[-1] - found[0])

    def note(self, day: int, told: int) -> None:
        """There was an event on this day, which sent so many signals; days may come in any order."""
        newest = self.first + self.newest
        if day == newest:
            self.told += told
            return
        known = {self.first, self.first + self.second, day}
        self.told = told if day > newest else self.told + told
        self.first, *later = sorted(known)
        self.second = later[0] - self.first if later else 0
        self.newest = max(newest, day) - self.first

    def before(self, day: int) -> int:
        """How many days with events are known before this one, KNOWN_DAYS at most."""
        return (self.first < day) + (self.second > 0 and self.first + self.second < day)

    def told_on(self, day: int) -> int:
        """Signals sent on a day; of days that are over, as many as on the newest."""
        return self.told if day <= self.first + self.newest else 0
