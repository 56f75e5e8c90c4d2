"""Rounds: what waits of several partitions is applied together, so that many users are ranked at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

from faust.types.tuples import TP

from streamrec.contract.processor import Outcome, Part
from streamrec.engine.guard import Batch, Verdict
from streamrec.engine.partition import Family, Partition, Tools, transact
from streamrec.engine.quarantine import Piece, Work, sift
from streamrec.system.clock import now_ms
from streamrec.system.core import Pace

LEAST_S, MOST_S = 0.02, 0.5
"""A round takes as long as its oldest record has waited in Kafka, within these bounds: who is behind does more at once."""
HOPS = 40
"""More turns of the event loop than a batch needs from the inbox through Faust to here."""


class Rounds:
    """The batches of one state family that wait for the engine, at most one of each topic partition.

    What is quick is applied on the event loop, one after the other. What is slow (ranking) goes to the core's thread in rounds, each
    with an equal share of everything that waits; what others leave of theirs goes to those who have more.
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
        """`find` tells whose a batch is, `settled` hears of one that was applied or is of no use, `gap` of a topic that one was lost of.

        `coming` says whether batches are on their way here.
        """
        self._family, self._tools = family, tools
        self._find, self._settled, self._gap, self._coming = find, settled, gap, coming
        self._waiting: dict[TP, Batch] = {}
        self._some = asyncio.Event()
        self._pace = Pace()

    def put(self, batch: Batch) -> None:
        """A batch waits from now on."""
        self._waiting[TP(batch.topic, batch.partition)] = batch
        self._some.set()

    def drop(self, tp: TP) -> None:
        """What waits will be fetched again."""
        self._waiting.pop(tp, None)

    def clear(self) -> None:
        """All will be fetched again."""
        self._waiting.clear()

    async def run(self) -> None:
        """Apply what waits, until cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
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
        """Let arrive what is on its way: what came during a round would miss the next one, too."""
        for _ in range(HOPS):
            if not self._coming():
                return
            await asyncio.sleep(0)

    def _share(self, batches: Sequence[Batch]) -> int:
        """How many records of each batch belong into a round."""
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
        found = [(partition, head) for tp, head, _ in heads if (partition := self._find(tp)) is not None]
        async with AsyncExitStack() as stack:
            for partition in _distinct(found):
                await stack.enter_async_context(partition.lock)
            verdicts = {id(head): partition.judge(head) for partition, head in found}
            await self._take([(partition, head) for partition, head in found if verdicts[id(head)] is Verdict.APPLY])
        for (tp, head, rest), whole in zip(heads, before, strict=True):
            if self._waiting.get(tp) is whole:  # else it was dropped meanwhile
                if rest is not None and verdicts.get(id(head)) is Verdict.APPLY:
                    self._waiting[tp] = rest
                else:
                    del self._waiting[tp]
                    self._settled(tp)
        for partition, head in found:
            if verdicts[id(head)] is Verdict.GAP:
                await self._gap(partition, head.topic)

    async def _take(self, work: Sequence[tuple[Partition, Batch]]) -> None:
        for partition in _distinct(work):
            partition.lag = sum(batch.lag for whose, batch in work if whose is partition)
            # Whoever is cancelled in here leaves rows without their records: `torn` keeps a checkpoint from saving that.
            partition.torn = True
        left = [(partition, batch.records) for partition, batch in work if batch.records]
        while left:
            run, some = (self._tools.core.run_short, self._pace.short) if self._pace.short else (self._tools.core.run, None)
            pieces = await run(self._sift, [(partition, records[:some]) for partition, records in left])
            for partition, piece in pieces:
                await partition.send(piece.records[0].topic, piece, self._tools)
            left = [(partition, records[some:]) for partition, records in left if some is not None and len(records) > some]
            if left:
                await asyncio.sleep(0)
        for partition, batch in work:
            partition.advance(batch)

    def _sift(self, work: Work[Partition]) -> list[tuple[Partition, Piece]]:
        began = time.perf_counter()
        found = sift(work, self._process, lambda partition: partition.quarantine)
        self._pace.learn(sum(len(records) for _, records in work), time.perf_counter() - began)
        return found

    def _process(self, work: Work[Partition]) -> list[Outcome]:
        partitions = _distinct(work)

        def run(drafts: Sequence[dict[str, object]]) -> list[Outcome]:
            draft_of = dict(zip(partitions, drafts, strict=True))
            return self._family.processor.process([Part(whose.table, draft_of[whose], records, whose.lag) for whose, records in work])

        for partition, records in work:
            partition.table.expect(record.key for record in records)
        return transact(partitions, run)


def _distinct(work: Sequence[tuple[Partition, object]]) -> list[Partition]:
    return list(dict.fromkeys(partition for partition, _ in work))
