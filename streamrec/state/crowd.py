"""How many people bought an item, and when: accounts are counted at their first purchase of it, without being named.

Decayed counts cannot say that ten people bought something within a week: a thousand a month ago leave the same. A reason that speaks of
people rests on these counts, which are whole numbers of first purchases.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from streamrec.events.fields import YEAR_9999_MS, Label
from streamrec.system.clock import HOUR_MS

FINE_H, KEPT_H = 48, 92 * 24
"""First purchases are kept by the hour for two days, then by the day (UTC) for a season and what a day may begin earlier."""
MILESTONES = (2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 2000, 5000, 10_000)
"""The counts that statistics tell of: a sentence says "20 people or more"."""
MANY = 10
"""The fewest people of whom a sentence says "many"."""
LEAST_AMOUNT = 0.9
"""A first purchase that counts less than this is nobody's: an account that gives back most of what it buys, or buys all day."""
COUNTRIES = 8

Natural = Annotated[int, Meta(ge=0, le=2**40)]
Hours = Annotated[int, Meta(ge=0, le=KEPT_H)]


class Spread(Struct, array_like=True):
    """What statistics tell of a crowd, as of the item's newest event. Fields are written by position: new ones go to the end."""

    ago: Annotated[list[Hours], Meta(max_length=len(MILESTONES))] = field(default_factory=list)
    """For each of MILESTONES that was reached within a season: the hours since so many first purchases began."""
    begun: Annotated[int, Meta(ge=0, le=YEAR_9999_MS)] = 0
    """Event time (ms) of the oldest first purchase that was counted; 0 without any."""
    people: Natural = 0
    """First purchases ever."""
    returned: Natural = 0
    """People who bought it a second time."""
    countries: Annotated[list[Label], Meta(max_length=COUNTRIES)] = field(default_factory=list)
    """Where many people bought it."""


class Crowd(Struct, array_like=True):
    """The people who bought an item. Fields are written by position: new ones go to the end, with a default."""

    hours: dict[int, int] = field(default_factory=dict)
    """First purchases by the hour since the epoch; older ones by the first hour of their day."""
    begun: int = 0
    people: int = 0
    returned: int = 0
    countries: dict[str, int] = field(default_factory=dict)

    def note(self, nth: int, ts: int, country: str) -> None:
        """Count somebody's first or second purchase (`nth`); they may come in any order."""
        if nth == 2:
            self.returned += 1
        if nth != 1:
            return
        hour = ts // HOUR_MS
        self.begun = min(self.begun, ts) if self.people else ts
        self.people += 1
        newest = max(self.hours, default=hour)
        if hour > newest:
            self.hours = _folded(self.hours, hour)
        place = _place(hour, max(newest, hour))
        if place is not None:
            self.hours[place] = self.hours.get(place, 0) + 1
        if country and (country in self.countries or len(self.countries) < COUNTRIES):
            self.countries[country] = self.countries.get(country, 0) + 1

    def told(self, now: int) -> Spread:
        """What statistics tell at `now` (ms)."""
        ago, count, hour = list[int](), 0, now // HOUR_MS
        for start in sorted(self.hours, reverse=True):
            if hour - start > KEPT_H:
                break
            count += self.hours[start]
            while len(ago) < len(MILESTONES) and count >= MILESTONES[len(ago)]:
                ago.append(max(0, hour - start))
        many = sorted(country for country, people in self.countries.items() if people >= MANY)
        return Spread(ago, self.begun, self.people, self.returned, many)


def _place(hour: int, newest: int) -> int | None:
    """Where a first purchase is kept; None where it is too old to be."""
    place = hour if newest - hour <= FINE_H else hour // 24 * 24
    return place if newest - place <= KEPT_H else None


def _folded(hours: dict[int, int], newest: int) -> dict[int, int]:
    folded: dict[int, int] = {}
    for hour, count in hours.items():
        place = _place(hour, newest)
        if place is not None:
            folded[place] = folded.get(place, 0) + count
    return folded
