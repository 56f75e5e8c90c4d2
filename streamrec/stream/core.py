"""The core: where all pure code runs, one call at a time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

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
        self._waiting = 0

    def call(self, function: Callable[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """Run on the thread and wait; only for the time before the event loop runs."""
        return self._thread.submit(function, *args, **kwargs).result()

    async def run(self, function: Callable[..., Result], *args: object) -> Result:
        """Run on the thread, after what it has to do already."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, function, *args)
        self._waiting += 1
        future.add_done_callback(self._done)
        return await future

    async def run_short(self, function: Callable[..., Result], *args: object) -> Result:
        """Run at once, or after what the thread has to do already."""
        return await self.run(function, *args) if self._waiting else function(*args)

    def stop(self) -> None:
        """End the thread after what is queued."""
        self._thread.shutdown()

    def _done(self, future: asyncio.Future[Result]) -> None:
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


async def off_loop(function: Callable[..., Result], *args: object) -> Result:
    """Run in some other thread; even when cancelled, wait until it has ended, so that nothing it uses is closed under it."""
    task = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
