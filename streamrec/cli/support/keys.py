"""Single keys of a terminal; without one, the characters of stdin."""

from __future__ import annotations

import sys
from collections.abc import Iterator


def keys() -> Iterator[str]:
    """Keys as they are pressed, in small and capital letters, until stdin ends. Ctrl-C interrupts, and Ctrl-D ends.

    Line breaks of a file or pipe are left out, so that keys may be written in lines.
    """
    if not sys.stdin.isatty():
        for line in sys.stdin:
            yield from line.rstrip("\r\n")
        return
    import termios
    import tty

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    try:
        tty.setcbreak(number)
        while (key := sys.stdin.read(1)) not in ("", "\x04"):
            yield key
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)
