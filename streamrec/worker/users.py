"""The processor of the user family: events change their user's row, and triggers are answered by lists."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from streamrec.catalogue.catalogue import Catalogue
from streamrec.contract.processor import Outcome, Part
from streamrec.events.registry import WriterSchemas
from streamrec.events.topics import TRIGGERS
from streamrec.settings import Settings
from streamrec.state.erasures import Sweep
from streamrec.state.memory import UserMemory, UserShard
from streamrec.state.packing import UserState, pack_user, unpack_user
from streamrec.system.clock import DAY_MS, now_ms
from streamrec.understanding.reader import Reader
from streamrec.worker.catalogue_feed import CatalogueFeed
from streamrec.worker.comments import Comments
from streamrec.worker.list_maker import ListMaker
from streamrec.worker.user_batch import UserBatch, UserSide, answer

LISTS_PER_TICK = 64
"""One micro-batch of the ranker (`list_maker.MICRO_BATCH`) of each partition: a tick holds up all batches that come meanwhile."""


class UserProcessor:
    """Applies every event once to its user's row and covers every trigger by a list."""

    memory = UserMemory
    pack = staticmethod(pack_user)
    unpack = staticmethod(unpack_user)

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        maker: ListMaker,
        clock_ms: Callable[[], int] = now_ms,
        rank_at: Collection[str] = TRIGGERS,
        feed: CatalogueFeed | None = None,
        schemas: WriterSchemas | None = None,
        reader: Reader | None = None,
    ) -> None:
        """`rank_at` names the topics whose events are answered by lists; `feed` provides the dead letters of the catalogue.

        `schemas` gives the schemas of events in Avro; `reader` reads comments, by rules alone unless there is one.
        """
        self.feed = feed
        self.side = UserSide(settings, catalogue, maker, clock_ms, rank_at, schemas, Comments(catalogue, reader or Reader()))
        self._marks_ms = settings.erasure_mark_days * DAY_MS
        # Not in the memory: a worker that takes a partition over looks through its marks anew, which costs no more than a scan.
        self._sweeps: dict[int, Sweep] = {}

    def process(self, parts: Sequence[Part[UserState, UserMemory]]) -> list[Outcome]:
        """Apply records in order, then make the lists of all partitions at once."""
        # Several topics of one partition share a batch, and so a view of who waits; all partitions share the ranker's micro-batches.
        batches: dict[int, UserBatch] = {}
        outcomes = []
        for part in parts:
            number = part.shard.number
            batch = batches.get(number) or batches.setdefault(number, UserBatch(self.side, part.shard))
            outcomes.append(batch.apply(part.records, part.lag))
        answer(self.side.maker, list(batches.values()))
        return outcomes

    def waits(self, shard: UserShard) -> bool:
        """Whether a list or an event waits, or it is time to look for marks of erasures that have expired.

        Partition 0 always does: its owner sends the dead letters of the catalogue, which every worker reads.
        """
        return (
            bool(shard.memory.waiting or shard.memory.parked)
            or (self.feed is not None and shard.number == 0)
            or self._sweep(shard.number).due(self.side.clock_ms())
        )

    def tick(self, shard: UserShard, now_ms: int) -> Outcome:
        """Apply events whose schemas have arrived, make lists whose time has come, and drop expired marks of erasures."""
        batch = UserBatch(self.side, shard)
        batch.apply_parked()
        batch.make_due(now_ms, LISTS_PER_TICK)
        if (sweep := self._sweep(shard.number)).due(now_ms):
            batch.outcome.counts["mark_expired"] += sweep.run(shard.rows, now_ms)
        if self.feed is not None and shard.number == 0:
            batch.bury_all(self.feed.dead_letters(shard.memory, now_ms))
        answer(self.side.maker, [batch])
        return batch.outcome

    def _sweep(self, partition: int) -> Sweep:
        return self._sweeps.setdefault(partition, Sweep(self._marks_ms))
