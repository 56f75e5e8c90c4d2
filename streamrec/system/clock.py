"""The clock, and the spans and dates that several rooms count with."""

from __future__ import annotations

import time
from typing import Final

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
# 2000-01-01T00:00:00Z. A time that was given in seconds instead of milliseconds, the commonest mistake of producers, lies before it.
YEAR_2000_MS: Final = 946_684_800_000


def now_ms() -> int:
    """Milliseconds since the epoch (UTC)."""
    return int(time.time() * 1000)
