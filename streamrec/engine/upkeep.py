"""What an engine does by the clock, beside its rounds: tick, commit, heal, listen and tidy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import structlog
from faust.types.tuples import TP

from streamrec.engine.flight import LOST_AFTER_S, Flight
from streamrec.engine.leftovers import Leftovers, delete
from streamrec.engine.offsets import GroupOffsets
from streamrec.engine.partition import Partition
from streamrec.errors import Stalled
from streamrec.system.core import off_loop

if TYPE_CHECKING:
    from streamrec.engine.engine import Engine

log = structlog.get_logger(__name__)

TICK_S = 0.2
"""What waits for a time is this much late at most. Each tick asks every partition whether something waits: more of them would make idle
workers busier, and fewer would show beside intervals of one second, which is what the statistics of an item wait."""
COMMIT_S = 1.0
"""Group offsets count for nothing here (see `offsets`): whoever watches the group's lag sees it one second old."""
HEAL_S = LOST_AFTER_S / 2
"""A batch counts as lost after `LOST_AFTER_S`: looked for twice as often, it is fetched again after half as long once more at most."""
LISTEN_S = 1.0
"""Silence is told and judged in tens of seconds (`stall_timeout_s`)."""
TIDY_S = 30.0
"""So much longer than `lost_disk_s` the disk of a partition that another worker has may stay; each look lists the data folder."""
JOINING = 4
"""How many times `stall_timeout_s` joining the group may take. The group waits for the slowest worker to save its partitions, for twice
`stall_timeout_s` at most (the rebalance time-out in `app`); after two such rounds it is stuck."""


class Upkeep:
    """Looks after the partitions of an engine; everything here runs on the event loop."""

    def __init__(
        self,
        engine: Engine,
        partitions: Mapping[tuple[str, int], Partition],
        flight: Flight,
        offsets: GroupOffsets,
        families: Collection[str],
    ) -> None:
        """`partitions`, by state family and number, and `flight` are the engine's own: they change while this looks."""
        self._engine, self._partitions, self._flight, self._offsets = engine, partitions, flight, offsets
        self._leftovers = Leftovers(engine.settings.data_dir, families, engine.settings.lost_disk_s)
        self._heard = time.monotonic()

    async def run(self) -> None:
        """Go on until cancelled.

        Raises:
            Stalled: a partition does not move, or Kafka does not answer.
        """
        await asyncio.gather(self._tick(), self._commit(), self._heal(), self._listen(), self._tidy())

    def heard(self) -> None:
        """Kafka is about to be asked for more: it has not been silent so far."""
        self._heard = time.monotonic()

    def silence_s(self) -> float:
        """For how long Kafka has not answered."""
        return time.monotonic() - self._heard

    async def _tick(self) -> None:
        limit_s = self._engine.settings.stall_timeout_s
        while True:
            await asyncio.sleep(TICK_S)
            for partition in list(self._partitions.values()):
                try:
                    async with asyncio.timeout(limit_s):
                        await partition.tick(self._engine.tools)
                except TimeoutError as exc:
                    raise Stalled(f"{partition.label} has not moved for {limit_s:g} s: is the model stuck? Start the worker again") from exc

    async def _commit(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_S)
            await self._offsets.commit(list(self._partitions.values()), self._engine.thread)

    async def _heal(self) -> None:
        """Fetch again what was handed out but has not arrived: Faust empties its queues when it resumes the flow after a rebalance."""
        while True:
            await asyncio.sleep(HEAL_S)
            for tp in self._flight.lost():
                partition = self._engine.partition(tp)
                if partition is not None and partition.open:
                    log.warning("records were lost on their way through the worker; they are fetched again", partition=partition.label)
                    await self._engine.fetch_again(partition, tp.topic)

    async def _listen(self) -> None:
        limit_s = self._engine.settings.stall_timeout_s
        while True:
            await asyncio.sleep(LISTEN_S)
            tps = [TP(topic, partition.number) for partition in self._open() for topic in partition.family.sources]
            # Where a batch is being applied nothing need be fetched, and a worker may well have no partitions.
            resting = [tp for tp in tps if self._flight.idle(tp)]
            asks_for_nothing = self._engine.joined or self._engine.biding
            answered = self._engine.thread.answered(resting) if resting else time.monotonic() if asks_for_nothing else None
            self._heard = max(self._heard, answered or 0.0)
            if self.silence_s() > (limit_s if tps else JOINING * limit_s):
                raise Stalled(
                    f"Kafka has not answered for {self.silence_s():.0f} s, neither to fetches nor to the wish to join the group; "
                    "see that the brokers are well, nothing is lost"
                )

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(min(TIDY_S, self._engine.settings.lost_disk_s / 2))
            # While partitions open or close nobody can tell whose the folders are.
            if not self._engine.opening() and self._engine.joined:
                await off_loop(delete, self._leftovers.due(self._partitions.keys()))

    def _open(self) -> list[Partition]:
        return [partition for partition in self._partitions.values() if partition.open]
