"""Starting child processes so that no signal makes us lose track of them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals by which a person, a supervisor or a closed terminal ends a command."""


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back the signals that end a command until the block is left.

    It is for the moments between starting a process and knowing its id. Python handles signals in the main thread alone, so there is
    nothing to hold back in others.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    former = {number: signal.signal(number, lambda number, frame: held.append(number)) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        for late in held:
            # With the former handlers back in place: they do what they would have done.
            signal.raise_signal(late)


def tail(text: str, lines: int = 15) -> str:
    """The last lines of a log."""
    return "\n".join(text.strip().splitlines()[-lines:]) or "(empty)"
