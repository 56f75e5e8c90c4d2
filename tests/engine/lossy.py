"""A worker that loses every fourth batch between the fetch and the agents."""

from __future__ import annotations

import itertools

from streamrec.engine.guard import Batch
from streamrec.engine.transport import BatchConsumer
from streamrec.settings import load
from streamrec.worker.worker import run_worker
from tests.engine.counting import pieces

_deliver, _count = BatchConsumer._deliver, itertools.count(1)


async def _lose(self: BatchConsumer, batch: Batch) -> None:
    if next(_count) % 4:
        await _deliver(self, batch)


if __name__ == "__main__":
    BatchConsumer._deliver = _lose  # type: ignore[method-assign]
    run_worker(load(), pieces)
