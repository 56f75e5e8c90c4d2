"""Waiting for things that another process or thread does."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_S = 0.02


def until(condition: Callable[[], bool], patience_s: float) -> bool:
    """Wait for a condition; False when it did not come in that time."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_S)
    return True
