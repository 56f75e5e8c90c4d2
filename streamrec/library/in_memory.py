"""The worker's two processors over rows in memory: events in, lists out, without Kafka, a disk or threads."""

from __future__ import annotations

from collections.abc import Callable, Collection

from streamrec.catalogue.catalogue import Catalogue
from streamrec.contract.memory_rows import MemoryRows
from streamrec.contract.processor import Memory, Part
from streamrec.contract.records import Record
from streamrec.events.codec import decode_list
from streamrec.events.types import Recommendation, UserEvent
from streamrec.settings import Settings
from streamrec.state.item import ItemRow
from streamrec.state.packing import UserState
from streamrec.worker.items import ItemProcessor
from streamrec.worker.list_maker import ListMaker, Request
from streamrec.worker.users import UserProcessor


def repeatable(settings: Settings) -> Settings:
    """The settings under which the same input gives the same lists.

    How many pairs the cross-encoder scores would follow from the time left, and a place for items that few have seen from chance;
    `explore_slots` stays where somebody has set it.
    """
    unless_asked = {} if "explore_slots" in settings.model_fields_set else {"explore_slots": 0}
    return settings.model_copy(update={"cross_pairs_fixed": True, **unless_asked})


class InMemoryWorker:
    """Users, items and catalogue of one partition; statistics of items reach the catalogue at `settle`."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        maker: ListMaker,
        clock_ms: Callable[[], int],
        rank_at: Collection[str] = (),
    ) -> None:
        """`rank_at` names the topics whose events `apply` may answer."""
        # One partition without a prefix: a topic is called by its bare name. An interval between two records of one item's statistics
        # spares Kafka, and there is none here.
        settings = settings.model_copy(update={"prefix": "", "partitions": 1, "stats_interval_ms": 0})
        self._maker = maker
        self._silent = UserProcessor(settings, catalogue, maker, clock_ms, rank_at=())
        self._answering = UserProcessor(settings, catalogue, maker, clock_ms, rank_at=rank_at)
        self._items = ItemProcessor(settings, catalogue, clock_ms, only_at_ticks=True)
        self._lists, self._signals = settings.topic("recommendations"), settings.topic("item-signals")
        self.users = MemoryRows[UserState]()
        self.items = MemoryRows[ItemRow]()
        self._user_memory: Memory = {}
        self._item_memory: Memory = {}

    def apply(self, topic: str, offset: int, event: UserEvent, value: bytes, *, answer: bool = False) -> list[Recommendation]:
        """Apply an event, which `value` holds as it travels; with `answer`, give the lists that it triggers, else none."""
        users = self._answering if answer else self._silent
        record = Record(topic, 0, offset, event.ts, event.user_id.encode(), value, ())
        lists, signals = [], []
        for out in users.process([Part(self.users, self._user_memory, [record])])[0].records:
            if out.topic == self._lists:
                lists.append(decode_list(out.value))
            elif out.topic == self._signals:
                signals.append(Record(out.topic, 0, offset, event.ts, out.key, out.value, ()))
        self._items.process([Part(self.items, self._item_memory, signals)])
        return lists

    def settle(self, now_ms: int) -> None:
        """Let the catalogue know the statistics of the items that events were about."""
        if self._items.waits(self._item_memory):
            self._items.tick(self.items, self._item_memory, now_ms)

    def answer(self, request: Request) -> Recommendation:
        """The list that is asked for; the user's row is kept with what it shows."""
        self.users.put(request.user_id.encode(), request.row)
        return self._maker.make([request]).lists[0]
