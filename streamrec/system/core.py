"""The core: where all pure code runs, one call at a time."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

Params = ParamSpec("Params")
Result = TypeVar("Result")

SHORT_S = 0.002
"""So long a call may hold up the event loop."""
LEAST_RECORDS, MOST_RECORDS = 16, 256
"""Rows of so many records fit into a processor's cache, more at once are slower for each; and fewer are no cheap work."""


class Core:
    """Runs processors and all that touches rows or catalogue, so that none of them needs a lock of its own.

    Long calls run on a thread of their own, short ones on the event loop: handing them to a thread and back would cost more
    than they take, and two threads that both have something to do wait for the interpreter at every step.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="core")
        self._counting = threading.Lock()
        self._waiting = 0

    def call(self, function: Callable[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """Run on the thread and wait; only for the time before the event loop runs."""
        return self._thread.submit(function, *args, **kwargs).result()

    async def run(self, function: Callable[..., Result], *args: object) -> Result:
        """Run on the thread, after what it has to do already.

        Who is cancelled here waits no more, but what runs on the thread runs to its end: until then `run_short` keeps off.
        """
        with self._counting:
            self._waiting += 1
        call = self._thread.submit(function, *args)
        call.add_done_callback(self._done)
        return await asyncio.wrap_future(call)

    async def run_short(self, function: Callable[..., Result], *args: object) -> Result:
        """Run at once, or after what the thread has to do already."""
        return await self.run(function, *args) if self._waiting else function(*args)

    def stop(self) -> None:
        """End the thread after what is queued."""
        self._thread.shutdown()

    def _done(self, call: Future[Result]) -> None:
        with self._counting:
            self._waiting -= 1


class Pace:
    """What a record takes, by what records took of late."""

    def __init__(self) -> None:
        self._record_s = math.inf

    @property
    def short(self) -> int:
        """So many records may be applied on the event loop; 0 where they would be too few."""
        found = min(MOST_RECORDS, self.records(SHORT_S))
        return found if found >= LEAST_RECORDS else 0

    def records(self, seconds: float) -> int:
        """How many records can be applied in that time."""
        return int(seconds / self._record_s)

    def learn(self, records: int, seconds: float) -> None:
        """So many records took so long. What became slower is believed at once, what became quicker by and by."""
        took = seconds / records
        self._record_s = took if took > self._record_s or math.isinf(self._record_s) else (3 * self._record_s + took) / 4


async def off_loop(function: Callable[..., Result], *args: object, undo: Callable[[Result], object] | None = None) -> Result:
    """Run in some other thread; even when cancelled, wait until it has ended, so that nothing it uses is closed under it.

    What it has made when the caller is gone would belong to nobody: `undo` is called with it.
    """
    work = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await finished(work)
        if undo is not None and work.exception() is None:
            await finished(asyncio.ensure_future(asyncio.to_thread(undo, work.result())))
        raise


async def finished(*tasks: asyncio.Future[Any]) -> None:
    """Wait until all of them have ended, also when that is cancelled meanwhile, once or several times."""
    while any(not task.done() for task in tasks):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait(tasks)


async def together(*work: Coroutine[Any, Any, Result]) -> list[Result]:
    """Run at the same time; when one raises, or the caller is cancelled, the others are cancelled and have ended before this raises."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await finished(*tasks)
        raise
