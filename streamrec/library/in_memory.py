"""The worker's processors over rows in memory: events in, lists out, without Kafka, a disk or threads."""

from __future__ import annotations

from collections.abc import Callable, Collection

from streamrec.catalogue.catalogue import Catalogue
from streamrec.contract.processor import Part, Shard
from streamrec.contract.records import Record
from streamrec.contract.rows import MemoryRows
from streamrec.events.codec import decode_list
from streamrec.events.speech import Transcript
from streamrec.events.types import Recommendation, UserEvent
from streamrec.settings import Settings
from streamrec.state.item import ItemRow
from streamrec.state.memory import ItemMemory, ItemShard, RoomMemory, RoomShard, UserMemory, UserShard
from streamrec.state.packing import UserState
from streamrec.state.room import RoomRow
from streamrec.worker.items import ItemProcessor
from streamrec.worker.list_maker import ListMaker, Request
from streamrec.worker.rooms import RoomProcessor
from streamrec.worker.understanding import load_reader, load_story
from streamrec.worker.users import UserProcessor


def repeatable(settings: Settings) -> Settings:
    """The settings under which the same input gives the same lists.

    Otherwise the time left would decide how many pairs the cross-encoder scores. Places for items that few have seen are given only where
    `explore_slots` was set on purpose: offline, no reaction to them is there to be learned from.
    """
    unless_asked = {} if "explore_slots" in settings.model_fields_set else {"explore_slots": 0}
    return settings.model_copy(update={"cross_pairs_fixed": True, **unless_asked})


class InMemoryWorker:
    """Users, items, rooms and catalogue of one partition. Statistics of items and moments of rooms reach the catalogue at `settle`."""

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
        self._maker, reader = maker, load_reader(settings)
        self._silent = UserProcessor(settings, catalogue, maker, clock_ms, rank_at=(), reader=reader)
        self._answering = UserProcessor(settings, catalogue, maker, clock_ms, rank_at=rank_at, reader=reader)
        self._items = ItemProcessor(settings, catalogue, clock_ms, only_at_ticks=True)
        self._rooms = RoomProcessor(settings, catalogue, load_story(settings, catalogue), clock_ms)
        self._lists, self._signals = settings.topic("recommendations"), settings.topic("item-signals")
        self._of_rooms = {settings.topic("danmaku-insights"), settings.topic("room-orders")}
        self.users = MemoryRows[UserState]()
        self.items = MemoryRows[ItemRow]()
        self._user_shard: UserShard = Shard(0, self.users, UserMemory())
        self._item_shard: ItemShard = Shard(0, self.items, ItemMemory())
        self._room_shard: RoomShard = Shard(0, MemoryRows[RoomRow](), RoomMemory())

    def apply(self, topic: str, offset: int, event: UserEvent | Transcript, value: bytes, *, answer: bool = False) -> list[Recommendation]:
        """Apply an event, given also as the bytes that travel; return the lists that it triggers if it is to be answered."""
        if isinstance(event, Transcript):
            record = Record(topic, 0, offset, event.ts, event.room_id.encode(), value, ())
            self._rooms.process([Part(self._room_shard, [record])])
            return []
        users = self._answering if answer else self._silent
        record = Record(topic, 0, offset, event.ts, event.user_id.encode(), value, ())
        lists, signals = [], []
        for out in users.process([Part(self._user_shard, [record])])[0].records:
            if out.topic == self._lists:
                lists.append(decode_list(out.value))
            elif out.topic == self._signals:
                signals.append(Record(out.topic, 0, offset, event.ts, out.key, out.value, ()))
            elif out.topic in self._of_rooms:
                self._rooms.process([Part(self._room_shard, [Record(out.topic, 0, offset, event.ts, out.key, out.value, ())])])
        self._items.process([Part(self._item_shard, signals)])
        return lists

    def settle(self, now_ms: int) -> None:
        """Bring the statistics of items that events were about, and what rooms are about, into the catalogue."""
        if self._rooms.waits(self._room_shard):
            self._rooms.tick(self._room_shard, now_ms)
        if self._items.waits(self._item_shard):
            self._items.tick(self._item_shard, now_ms)

    def answer(self, request: Request) -> Recommendation:
        """Make the list that is asked for, and keep the user's row, which notes that it was made."""
        self.users.put(request.user_id.encode(), request.row)
        return self._maker.make([request]).lists[0]
