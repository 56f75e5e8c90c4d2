"""The core thread: the one thread on which all pure code runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Params = ParamSpec("Params")
Result = TypeVar("Result")


class Core:
    """One thread for processors, rows and catalogue, so that none of them needs a lock of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="core")

    def call(self, function: Callable[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """Run on the core thread and wait; only for the time before the event loop runs."""
        return self._thread.submit(function, *args, **kwargs).result()

    async def run(self, function: Callable[..., Result], *args: object) -> Result:
        """Run on the core thread without holding up the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    def stop(self) -> None:
        """End the thread after what is queued."""
        self._thread.shutdown()


async def off_loop(function: Callable[..., Result], *args: object) -> Result:
    """Run in some other thread; even when cancelled, wait until it has ended, so that nothing it uses is closed under it."""
    task = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
