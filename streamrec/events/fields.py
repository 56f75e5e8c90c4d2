"""The types of single fields, with the limits that every producer has to keep."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from streamrec.system.clock import YEAR_2000_MS

YEAR_9999_MS = 253_402_300_799_999
"""The last millisecond that RFC 3339 and Python's datetime can say."""

# Python's `$` also matches before a last newline, ECMAScript's does not: hence the look-ahead.
Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$(?!\n)", description="No control characters.")]
Text = Annotated[str, Meta(min_length=1, max_length=500)]
Title = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S", description="Not blank.")]
Price = Annotated[float, Meta(ge=0, le=1e12, description="For one piece, in `currency`.")]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]
Currency = Annotated[str, Meta(max_length=3, pattern=r"^[A-Z]{3}$", description="ISO 4217, such as GBP.")]
Label = Annotated[str, Meta(min_length=1, max_length=200)]
Value = Annotated[str, Meta(max_length=2000)]
Moment = Annotated[int, Meta(ge=YEAR_2000_MS, le=YEAR_9999_MS, description="Milliseconds since the epoch (UTC).")]
Unit = Annotated[float, Meta(ge=-1e6, le=1e6)]


class EventTime(int):
    """Event time in milliseconds since the epoch (UTC); on the wire a number or an RFC 3339 string."""

    __slots__ = ()
