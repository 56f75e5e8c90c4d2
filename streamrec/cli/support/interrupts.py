"""Ctrl-C, SIGTERM and a closed terminal as something that work can stop for."""

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


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that the first SIGINT, SIGTERM or SIGHUP sets; the second one raises KeyboardInterrupt.

    The command exits with 130 at the end when there was one.
    """
    stop = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    with _handling(handle):
        yield stop
    if stop.is_set():
        raise typer.Exit(INTERRUPTED)


@contextmanager
def one_interrupt() -> Iterator[Callable[[], None]]:
    """The first SIGINT, SIGTERM or SIGHUP raises KeyboardInterrupt, wherever the work is; later ones are ignored.

    What is given ignores them from the start of cleaning up, so that nothing is left behind half cleaned.
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
