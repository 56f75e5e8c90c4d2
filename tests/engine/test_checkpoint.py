"""The order of a checkpoint: what a step rests on has been done before it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from streamrec.engine.checkpoint import checkpoint
from streamrec.engine.outbox import Outbox
from streamrec.engine.partition import Family, Partition, Tools
from streamrec.engine.store.changelog import Changelog
from streamrec.engine.store.memory import MemoryStore
from streamrec.engine.store.table import Budget
from streamrec.observe.metrics import Metrics
from streamrec.settings import Settings
from streamrec.system.core import Core
from tests.engine.test_rounds import Adding

SOURCE, LOG = "p.views", "p.changelog"


def test_topics_are_looked_at_once_all_that_was_sent_is_in_them_and_before_anything_is_saved() -> None:
    """A look that ended before a record arrived says nothing of the topic in which it arrived."""
    steps: list[str] = []

    class Log:
        async def commit(self, rows: Any, mark: bytes, more: Any) -> int:
            steps.append("saved")
            return 1

    async def confirm() -> None:
        steps.append("looked")

    async def run() -> None:
        core = Core()
        tools = Tools(core, cast(Outbox, None), Metrics(Settings().prefix), 100, "dead", confirm)
        partition = Partition(Family("user", (SOURCE,), LOG, Adding()), 0, cast(Changelog, Log()), MemoryStore(), Budget(1_000))
        partition.guard.next[SOURCE] = 1
        arrived = asyncio.get_running_loop().create_future()
        arrived.add_done_callback(lambda _: steps.append("arrived"))
        partition.sent.append(arrived)
        partition.moved.set()
        saving = asyncio.create_task(checkpoint(partition, tools, {SOURCE: "a", LOG: "b"}, stall_s=60.0))
        while partition.moved.is_set():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        assert steps == []
        arrived.set_result(None)
        await saving
        core.stop()

    asyncio.run(run())
    assert steps == ["arrived", "looked", "saved"]
