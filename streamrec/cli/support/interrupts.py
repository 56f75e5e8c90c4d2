"""Ctrl-C, SIGTERM and a closed terminal as a request to stop, which the work can honour where it suits."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import typer

from streamrec.system.processes import ENDING

INTERRUPTED = 130
"""128 and the number of SIGINT, as shells report a command that Ctrl-C ended."""


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Yield an event that the first SIGINT, SIGTERM or SIGHUP sets; the second signal raises KeyboardInterrupt.

    A command that was asked to stop exits with 130 at its end.
    """
    stop = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        # Whoever presses Ctrl-C twice does not want to wait for the end of the batch.
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    with _handling(handle):
        yield stop
    if stop.is_set():
        raise typer.Exit(INTERRUPTED)


@contextmanager
def one_interrupt() -> Iterator[Callable[[], None]]:
    """Raise KeyboardInterrupt at the first SIGINT, SIGTERM or SIGHUP, wherever the work is, and ignore later ones.

    Yields a function that ignores all of them; called before cleaning up, it lets nothing be left half cleaned.
    """

    def ignore() -> None:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)

    def handle(number: int, frame: FrameType | None) -> None:
        ignore()
        raise KeyboardInterrupt

    with _handling(handle):
        yield ignore


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    former = {number: signal.signal(number, handler) for number in ENDING}
    try:
        yield
    finally:
        for number, previous in former.items():
            signal.signal(number, previous)
