"""The core: it runs all pure code, one call at a time."""

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
"""How long a call may hold up the event loop: longer ones delay heartbeats and pages, shorter ones cost less there than on a thread."""
LEAST_RECORDS, MOST_RECORDS = 16, 256
"""Rows of that many records fit into a processor's cache: more at once take longer for each. Fewer are not worth a batch of their own."""


class Core:
    """Runs processors and everything that touches rows or catalogue, so that none of them needs a lock.

    Long calls run on a thread, short ones on the event loop: handing them to a thread and back would cost more than the work itself,
    and two busy threads wait for the interpreter at every step.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="core")
        # The count is raised on the event loop and lowered on the thread.
        self._counting = threading.Lock()
        self._waiting = 0

    def call(self, function: Callable[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """Run on the thread and wait for the result; for use before the event loop runs."""
        return self._thread.submit(function, *args, **kwargs).result()

    async def run(self, function: Callable[..., Result], *args: object) -> Result:
        """Run on the thread, after the calls that are queued there.

        A caller that is cancelled stops waiting, but its call runs to the end: until then `run_short` does not use the event loop.
        """
        with self._counting:
            self._waiting += 1
        call = self._thread.submit(function, *args)
        call.add_done_callback(self._done)
        return await asyncio.wrap_future(call)

    async def run_short(self, function: Callable[..., Result], *args: object) -> Result:
        """Run on the event loop at once, or on the thread if it has something to do."""
        return await self.run(function, *args) if self._waiting else function(*args)

    def stop(self) -> None:
        """End the thread once its queue is empty."""
        self._thread.shutdown()

    def _done(self, call: Future[Result]) -> None:
        with self._counting:
            self._waiting -= 1


class Pace:
    """How long a record takes to apply, learned from recent batches."""

    def __init__(self) -> None:
        # Until a batch was measured, none is short.
        self._record_s = math.inf

    @property
    def short(self) -> int:
        """How many records may be applied on the event loop at once; 0 where they would be too few."""
        count = min(MOST_RECORDS, self.records(SHORT_S))
        return count if count >= LEAST_RECORDS else 0

    def records(self, seconds: float) -> int:
        """How many records can be applied in `seconds`."""
        return int(seconds / self._record_s)

    def learn(self, records: int, seconds: float) -> None:
        """Learn that `records` took `seconds`."""
        took = seconds / records
        # Slower is believed at once, since the event loop waits; quicker only by and by, since one batch may have been easy.
        self._record_s = took if took > self._record_s or math.isinf(self._record_s) else (3 * self._record_s + took) / 4


async def off_loop(function: Callable[..., Result], *args: object, undo: Callable[[Result], object] | None = None) -> Result:
    """Run in another thread. Even when cancelled, wait until it has ended, so that nothing that it uses is closed meanwhile.

    The result of a cancelled call belongs to nobody: `undo` is called with it.
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
    """Wait until all tasks have ended, however often the waiting is cancelled meanwhile."""
    while any(not task.done() for task in tasks):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait(tasks)


async def together(*work: Coroutine[Any, Any, Result]) -> list[Result]:
    """Run concurrently. When one raises or the caller is cancelled, the others are cancelled, and have ended before this raises."""
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await finished(*tasks)
        raise
