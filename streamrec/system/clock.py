"""The wall clock in the unit of the wire."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Milliseconds since the epoch (UTC)."""
    return int(time.time() * 1000)
