"""The days on which an account was active: they tell a customer from an account that was made today for a purpose."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

# With one, an account that is made before midnight would be known after it; each more keeps real customers strangers for longer.
KNOWN_DAYS = 2
"""Earlier days with events after which an account is known."""


class Activity(Struct, array_like=True, gc=False):
    """The first, second and newest day of an account. Days are UTC; all but the first are counted from it, which keeps rows short."""

    first: int
    """Since the epoch."""
    second: int = 0
    """The second day with events; 0 when there was none."""
    newest: int = 0
    told: int = 0
    """Signals that were sent to items on the newest day."""

    @classmethod
    def of(cls, days: Iterable[int]) -> Activity | None:
        """The activity of a row that was written before rows kept one, from the days that its items name; None without any."""
        distinct = sorted(set(days))
        if not distinct:
            return None
        return cls(distinct[0], distinct[1] - distinct[0] if len(distinct) > 1 else 0, distinct[-1] - distinct[0])

    def note(self, day: int, told: int) -> None:
        """Note an event on `day` that sent `told` signals; days may come in any order."""
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
        """How many days with events lie before `day`, counted up to KNOWN_DAYS."""
        # The two earliest days suffice to count up to two.
        return (self.first < day) + (self.second > 0 and self.first + self.second < day)

    def told_on(self, day: int) -> int:
        """Signals sent on `day`. Only the newest day is counted, and stands for those before it."""
        return self.told if day <= self.first + self.newest else 0
