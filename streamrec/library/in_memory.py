"""The worker's two processors over rows in memory: events in, lists out, without Kafka, a disk or threads."""

from __future__ import annotations

from collections.abc import Callable, Collection

from streamrec.catalogue.catalogue import Catalogue
from streamrec.contract.processor import Part, Shard
from streamrec.contract.records import Record
from streamrec.contract.rows import MemoryRows
from streamrec.events.codec import decode_list
from streamrec.events.types import Recommendation, UserEvent
from streamrec.settings import Settings
from streamrec.state.item import ItemRow
from streamrec.state.memory import ItemMemory, ItemShard, UserMemory, UserShard
from streamrec.state.packing import UserState
from streamrec.worker.items import ItemProcessor
from streamrec.worker.list_maker import ListMaker, Request
from streamrec.worker.users import UserProcessor


def repeatable(settings: Settings) -> Settings:
    """The settings under which the same input gives the same lists.

    Otherwise the time left would decide how many pairs the cross-encoder scores. Places for items that few have seen are given only where
    `explore_slots` was set on purpose: offline, no reaction to them is there to be learned from.
    """
    unless_asked = {} if "explore_slots" in settings.model_fields_set else {"explore_slots": 0}
    return settings.model_copy(update={"cross_pairs_fixed": True, **unless_asked})


class InMemoryWorker:
    """Users, items and catalogue of one partition. Item statistics reach the catalogue at `settle`."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        maker: ListMaker,
        clock_ms: Callable[[], int],
        rank_at: Collection[str] = (),
    ) -> None:
        """`rank_at` names the topics whose events `apply` may answer."""
        # Without a prefix, topics go by their bare names. The interval between two records of one item's statistics spares Kafka; here it
        # would only make lists older than what is known.
        settings = settings.model_copy(update={"prefix": "", "partitions": 1, "stats_interval_ms": 0})
        self._maker = maker
        self._silent = UserProcessor(settings, catalogue, maker, clock_ms, rank_at=())
        self._answering = UserProcessor(settings, catalogue, maker, clock_ms, rank_at=rank_at)
        self._items = ItemProcessor(settings, catalogue, clock_ms, only_at_ticks=True)
        self._lists, self._signals = settings.topic("recommendations"), settings.topic("item-signals")
        self.users = MemoryRows[UserState]()
        self.items = MemoryRows[ItemRow]()
        self._user_shard: UserShard = Shard(0, self.users, UserMemory())
        self._item_shard: ItemShard = Shard(0, self.items, ItemMemory())

    def apply(self, topic: str, offset: int, event: UserEvent, value: bytes, *, answer: bool = False) -> list[Recommendation]:
        """Apply an event, given also as the bytes that travel; return the lists that it triggers if it is to be answered."""
        users = self._answering if answer else self._silent
        record = Record(topic, 0, offset, event.ts, event.user_id.encode(), value, ())
        lists, signals = [], []
        for out in users.process([Part(self._user_shard, [record])])[0].records:
            if out.topic == self._lists:
                lists.append(decode_list(out.value))
            elif out.topic == self._signals:
                signals.append(Record(out.topic, 0, offset, event.ts, out.key, out.value, ()))
        self._items.process([Part(self._item_shard, signals)])
        return lists

    def settle(self, now_ms: int) -> None:
        """Bring the statistics of items that events were about into the catalogue."""
        if self._items.waits(self._item_shard):
            self._items.tick(self._item_shard, now_ms)

    def answer(self, request: Request) -> Recommendation:
        """Make the list that is asked for, and keep the user's row, which notes that it was made."""
        self.users.put(request.user_id.encode(), request.row)
        return self._maker.make([request]).lists[0]
