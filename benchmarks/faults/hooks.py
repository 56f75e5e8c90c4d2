"""The real worker with faults built in: it stops or kills itself between two steps, or its handler raises.

    FAULTS_AT=committed:SIGKILL:7 FAULTS_CURSED=1 python -m benchmarks.faults.hooks worker

`FAULTS_AT` names a step, a signal and at which passage of the step the process sends itself that signal. Everything else is
the worker as it is: the hooks wrap functions of the engine and change nothing that they do.
"""

from __future__ import annotations

import errno
import inspect
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaProducer

from benchmarks.faults.events import CURSE_AFTER, CURSE_BEFORE
from streamrec.cli.main import main
from streamrec.engine import opening
from streamrec.engine.offsets import GroupOffsets
from streamrec.engine.store.changelog import Changelog
from streamrec.engine.store.disk import Disk
from streamrec.engine.store.table import Table
from streamrec.observe.metrics import Metrics
from streamrec.worker import user_batch

AT, CURSED, FULL, SLOW = "FAULTS_AT", "FAULTS_CURSED", "FAULTS_DISK_FULL", "FAULTS_SLOW_OPEN"
FENCED = "FAULTS: a row has refused an event that it knew"

CHECKPOINT = ("snapshot", "confirmed", "begun", "acknowledged", "committed", "written", "saved", "group-commit", "group-committed")
"""The steps of a checkpoint, each named for what has just been done (group-commit: before it)."""

OPENING = ("opening", "fenced", "recovering", "recovered")
"""The steps of an opening: before the older owners are fenced, after, while the changelog is read, and after."""

OPENED = "opened"
"""The opened partition is served from here on."""


class Step:
    """Counts the passages of one step and sends this process the signal at the chosen one."""

    def __init__(self, name: str, number: signal.Signals, passage: int) -> None:
        self.name, self._number, self._left = name, number, passage

    def passed(self, name: str) -> None:
        """The process is at the step `name` now."""
        if name == self.name:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._number)


def wrap(
    owner: Any, name: str, before: Callable[[Any], None] = lambda args: None, after: Callable[[Any], None] = lambda args: None
) -> None:
    """Call `before` and `after` (each with the arguments) around a function or method, which may be a coroutine."""
    original = getattr(owner, name)

    def plain(*args: Any, **kwargs: Any) -> Any:
        before(args)
        result = original(*args, **kwargs)
        after(args)
        return result

    async def waited(*args: Any, **kwargs: Any) -> Any:
        before(args)
        result = await original(*args, **kwargs)
        after(args)
        return result

    setattr(owner, name, waited if inspect.iscoroutinefunction(original) else plain)


def install_step(step: Step) -> None:
    """Put the step's passages into the engine."""

    def at(name: str) -> Callable[[Any], None]:
        return lambda args: step.passed(name)

    def wrote(args: Any) -> None:
        step.passed("written" if len(args) > 2 and args[2] is not None else "recovering")

    wrap(Table, "snapshot", after=at("snapshot"))
    wrap(Changelog, "commit", before=at("confirmed"), after=at("committed"))
    wrap(AIOKafkaProducer, "begin_transaction", after=at("begun"))
    wrap(AIOKafkaProducer, "commit_transaction", before=at("acknowledged"))
    wrap(Disk, "write", after=wrote)
    wrap(Table, "saved", after=at("saved"))
    wrap(GroupOffsets, "commit", before=at("group-commit"), after=at("group-committed"))
    wrap(Changelog, "open", before=at("opening"), after=at("fenced"))
    wrap(opening, "recover", after=at("recovered"))


def install_curse() -> None:
    """Let the handler raise for events whose id asks for it, before or after it has changed the row."""

    def curse(prefix: str) -> Callable[[Any], None]:
        def strike(args: Any) -> None:
            if (args[1].event_id or "").startswith(prefix):
                raise RuntimeError(f"the event {args[1].event_id} is cursed")

        return strike

    wrap(user_batch, "apply", before=curse(CURSE_BEFORE), after=curse(CURSE_AFTER))


def install_full_disk(passage: int) -> None:
    """Let every write to the disk fail from the given one on."""
    left = passage

    def fail(args: Any) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    wrap(Disk, "write", before=fail)


def install_slow_open(most_s: float) -> None:
    """Let every disk take up to so many seconds to open, before it is open and after: who asked for it may be gone by then."""

    def dawdle(args: Any) -> None:
        time.sleep(random.uniform(0, most_s / 2))

    wrap(Disk, "_open", before=dawdle, after=dawdle)


def install_alarm() -> None:
    """Say so in the log when a row's own fence had to refuse an event: the engine should never apply one again."""

    def look(args: Any) -> None:
        if args[3].counts.get("fenced"):
            print(FENCED, file=sys.stderr, flush=True)

    wrap(Metrics, "observe", before=look)


if __name__ == "__main__":
    install_alarm()
    if at := os.environ.get(AT):
        name, number, passage = at.split(":")
        install_step(Step(name, signal.Signals[number], int(passage)))
    if os.environ.get(CURSED):
        install_curse()
    if full := os.environ.get(FULL):
        install_full_disk(int(full))
    if slow := os.environ.get(SLOW):
        install_slow_open(float(slow))
    main()
