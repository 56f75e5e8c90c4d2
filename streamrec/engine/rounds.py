"""Rounds: waiting batches of several partitions are applied together, so that many users are ranked at once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from faust.types.tuples import TP

from streamrec.contract.processor import Outcome, Part, Shard
from streamrec.engine.guard import Batch, Verdict
from streamrec.engine.partition import Family, Partition, Tools, transact
from streamrec.engine.quarantine import Piece, Work, sift
from streamrec.system.clock import now_ms
from streamrec.system.core import Pace

LEAST_S, MOST_S = 0.02, 0.5
"""A round takes as long as its oldest record has waited, within these bounds: a worker that is behind does more at once, which costs less
for each list. Less than 20 ms would be rounds of a few lists each; more than half a second would hold up ticks and checkpoints."""
HOPS = 40
"""Turns of the event loop for which a round waits for batches that are on their way: more than one needs from the inbox through Faust's
queue and agent to here. A turn in which nothing else runs costs little, and a batch that misses the round waits for all of it."""


class Rounds:
    """The batches of one state family that wait for the engine, at most one of each topic partition.

    Quick batches are applied on the event loop, one after the other. Slow ones (ranking) go to the core's thread in rounds. Each waiting
    batch has an equal share of a round, and what a short one leaves of its share goes to the longer ones.
    """

    def __init__(
        self,
        family: Family,
        tools: Tools,
        find: Callable[[TP], Partition | None],
        settled: Callable[[TP], None],
        gap: Callable[[Partition, str], Awaitable[None]],
        coming: Callable[[], bool],
    ) -> None:
        """`find` returns the partition of a batch, and `coming` whether further batches are on their way here.

        `settled` is called for each batch that was applied or is of no use, `gap` for a topic of which one was lost.
        """
        self._family, self._tools = family, tools
        self._find, self._settled, self._gap, self._coming = find, settled, gap, coming
        self._waiting: dict[TP, Batch] = {}
        self._arrived = asyncio.Event()
        self._pace = Pace()

    def put(self, batch: Batch) -> None:
        """Let a batch wait for the next round."""
        self._waiting[TP(batch.topic, batch.partition)] = batch
        self._arrived.set()

    def drop(self, tp: TP) -> None:
        """Forget the batch of a partition, which will be fetched again."""
        self._waiting.pop(tp, None)

    def clear(self) -> None:
        """Forget all batches; they will be fetched again."""
        self._waiting.clear()

    async def run(self) -> None:
        """Apply what waits, until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                if not self._pace.short:
                    await self._collect()
                chosen = list(self._waiting.items())
                if self._pace.short:
                    for tp, batch in chosen:
                        if self._waiting.get(tp) is batch:
                            await self._apply([(tp, batch, None)])
                elif chosen:
                    share = self._share([batch for _, batch in chosen])
                    await self._apply([(tp, *batch.cut(share)) for tp, batch in chosen])

    async def _collect(self) -> None:
        """Wait for batches that came while the last round ran: they are on their way, and would miss the next round, too."""
        for _ in range(HOPS):
            if not self._coming():
                return
            await asyncio.sleep(0)

    def _share(self, batches: Sequence[Batch]) -> int:
        """How many records of each batch go into a round."""
        oldest_ms = min((batch.records[0].timestamp for batch in batches if batch.records), default=now_ms())
        seconds = min(max((now_ms() - oldest_ms) / 1000, LEAST_S), MOST_S)
        left, sizes = self._pace.records(seconds), sorted(len(batch.records) for batch in batches)
        for number, size in enumerate(sizes):
            share = left // (len(sizes) - number)
            if size > share:
                return max(1, share)
            left -= size
        return max(1, sizes[-1])

    async def _apply(self, heads: Sequence[tuple[TP, Batch, Batch | None]]) -> None:
        """Apply the beginnings of batches; the rest of each goes on waiting."""
        before = [self._waiting[tp] for tp, _, _ in heads]
        owned = [(tp, partition, head) for tp, head, _ in heads if (partition := self._find(tp)) is not None]
        async with AsyncExitStack() as stack:
            for partition in _distinct(partition for _, partition, _ in owned):
                await stack.enter_async_context(partition.lock)
            verdicts = {tp: partition.judge(head) for tp, partition, head in owned}
            await self._take([(partition, head) for tp, partition, head in owned if verdicts[tp] is Verdict.APPLY])
        for (tp, _, rest), whole in zip(heads, before, strict=True):
            if self._waiting.get(tp) is whole:  # else it was dropped meanwhile
                if rest is not None and verdicts.get(tp) is Verdict.APPLY:
                    self._waiting[tp] = rest
                else:
                    del self._waiting[tp]
                    self._settled(tp)
        for tp, partition, head in owned:
            if verdicts[tp] is Verdict.GAP:
                await self._gap(partition, head.topic)

    async def _take(self, work: Sequence[tuple[Partition, Batch]]) -> None:
        lags: Counter[Partition] = Counter()
        for partition, batch in work:
            lags[partition] += batch.lag
            # A cancellation in here leaves rows changed and their records unsent: `torn` keeps a checkpoint from saving that.
            partition.torn = True
        left = [(partition, batch.records) for partition, batch in work if batch.records]
        while left:
            run, most = (self._tools.core.run_short, self._pace.short) if self._pace.short else (self._tools.core.run, None)
            pieces = await run(self._sift, [(partition, records[:most]) for partition, records in left], lags)
            for partition, piece in pieces:
                await partition.send(piece.records[0].topic, piece, self._tools)
            left = [(partition, records[most:]) for partition, records in left if most is not None and len(records) > most]
            if left:
                await asyncio.sleep(0)  # heartbeats, fetches and the web server have their turn
        for partition, batch in work:
            partition.advance(batch)

    def _sift(self, work: Work[Partition], lags: Mapping[Partition, int]) -> list[tuple[Partition, Piece]]:
        began = time.perf_counter()
        pieces = sift(work, partial(self._process, lags), lambda partition: partition.quarantine)
        self._pace.learn(sum(len(records) for _, records in work), time.perf_counter() - began)
        return pieces

    def _process(self, lags: Mapping[Partition, int], work: Work[Partition]) -> list[Outcome]:
        partitions = _distinct(partition for partition, _ in work)

        def run(shards: Sequence[Shard[Any, Any]]) -> list[Outcome]:
            shard_of = dict(zip(partitions, shards, strict=True))
            return self._family.processor.process([Part(shard_of[whose], records, lags[whose]) for whose, records in work])

        for partition, records in work:
            partition.table.expect([record.key for record in records])
        return transact(partitions, run)


def _distinct(partitions: Iterable[Partition]) -> list[Partition]:
    return list(dict.fromkeys(partitions))
