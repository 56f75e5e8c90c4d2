"""The processor of the item family: signals change rows, and each item's statistics go to every worker at most once per interval."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from streamrec.catalogue.catalogue import Catalogue
from streamrec.contract.processor import Outcome, Part
from streamrec.contract.records import Inbound, Outbound
from streamrec.errors import BadEvent
from streamrec.events.codec import decode_internal, key_text
from streamrec.events.dead_letters import dead_letter
from streamrec.settings import Settings
from streamrec.state.item import ItemRow, Signal, count
from streamrec.state.memory import ItemMemory, ItemShard
from streamrec.state.packing import pack_item, unpack_item
from streamrec.state.stats import encode_stats, stats_of
from streamrec.system.clock import now_ms

_decode_signal = msgspec.json.Decoder(Signal).decode
WAITING_BYTES = 256 * 1024
"""What waits is saved in the mark, one record with every checkpoint, twice a second: beyond this much, statistics are sent early."""
ENTRY_BYTES = 12
"""At most what an item takes in the mark beside its id: a time of nine bytes, and the id's length."""
FORGOTTEN_AT_ONCE = 500
"""Ids that one tick forgets: each is a row to delete and two tombstones to write."""
SENT_AGAIN_AT_ONCE = 500
"""Statistics that one tick sends again where the topic has lost them: each is a record of some kilobytes."""
SENT_ITEMS = 100_000
"""Items whose last sending is remembered; beyond that all are forgotten, which at worst sends a record early."""


class ItemProcessor:
    """Counts every signal once: the memory holds the last one of each source, and signals that are not newer are dropped."""

    memory = ItemMemory
    pack = staticmethod(pack_item)
    unpack = staticmethod(unpack_item)

    def __init__(
        self, settings: Settings, catalogue: Catalogue, clock_ms: Callable[[], int] = now_ms, *, only_at_ticks: bool = False
    ) -> None:
        """With `only_at_ticks`, only `tick` sends statistics."""
        self._only_at_ticks = only_at_ticks
        self._catalogue = catalogue
        self._clock_ms = clock_ms
        self._interval = settings.stats_interval_ms
        self._stats, self._dead = settings.topic("item-stats"), settings.topic("dead-letters")
        self._sent: dict[str, int] = {}
        self._looked: set[int] = set()

    def process(self, parts: Sequence[Part[ItemRow, ItemMemory]]) -> list[Outcome]:
        """Count signals and send the statistics of the items whose interval has passed."""
        return [self._count(part.shard, part.records) for part in parts]

    def _count(self, shard: ItemShard, records: Sequence[Inbound]) -> Outcome:
        self._look(shard)
        out, begin, now = Outcome(), time.perf_counter(), self._clock_ms()
        rows, waiting = shard.rows, shard.memory.waiting
        listed = self._catalogue.items.slots
        for record in records:
            try:
                signal, item_id = decode_internal(_decode_signal, record.value), key_text(record.key)
            except BadEvent as error:
                out.records.append(dead_letter(self._dead, record, "decode", error, now))
                out.counts["dead_letter"] += 1
                continue
            if not shard.memory.passes(signal.topic, signal.partition, signal.offset, signal.index):
                out.counts["repeated"] += 1
                continue
            key = item_id.encode()
            row = rows.get(key) or ItemRow()
            count(row, signal)
            row.listed = row.listed or item_id in listed
            rows.put(key, row)
            waiting.setdefault(item_id, self._sent.get(item_id, 0) + self._interval)
            out.counts["applied"] += 1
        if not self._only_at_ticks:
            self._send_due(shard, now, out)
            if self._catalogue.strangers.waits(shard.number):
                # As many as may have come: ticks alone would fall behind a stream of ids that nobody lists.
                self._forget(shard, out, max(len(records), FORGOTTEN_AT_ONCE))
        out.seconds["item_stats"] = time.perf_counter() - begin
        return out

    def waits(self, shard: ItemShard) -> bool:
        """Whether statistics wait for their interval or to be sent again, or ids to be forgotten."""
        memory = shard.memory
        return (
            bool(memory.waiting)
            or memory.again is not None
            or shard.number not in self._looked
            or self._catalogue.strangers.waits(shard.number)
        )

    def tick(self, shard: ItemShard, now_ms: int) -> Outcome:
        """Send the statistics that waited for their interval to pass, and those that the topic has lost; forget what nobody lists."""
        out = Outcome()
        if not self._look(shard) and shard.memory.again is not None:
            self._send_again(shard, shard.memory.again)
        self._send_due(shard, now_ms, out)
        self._forget(shard, out, FORGOTTEN_AT_ONCE)
        return out

    def _look(self, shard: ItemShard) -> bool:
        """Once for each partition, begin to send again if the topic has no statistics of any of its items: then it was made anew."""
        if shard.number in self._looked:
            return False
        self._looked.add(shard.number)
        if shard.number in self._catalogue.homes:
            return False
        self._send_again(shard, b"")
        return True

    def _send_again(self, shard: ItemShard, after: bytes) -> None:
        """Let the statistics of the next items be sent; how far that has come is in the memory, and so in the mark."""
        keys = shard.rows.scan(b"", after, SENT_AGAIN_AT_ONCE)
        for key in keys:
            with suppress(UnicodeDecodeError):  # a row that somebody else wrote
                shard.memory.waiting.setdefault(key.decode(), 0)
        shard.memory.again = keys[-1] if len(keys) == SENT_AGAIN_AT_ONCE else None

    def _send_due(self, shard: ItemShard, now: int, out: Outcome) -> None:
        waiting = shard.memory.waiting
        for item_id in _urgent(waiting, now):
            del waiting[item_id]
            row = shard.rows.get(item_id.encode())
            if row is None:
                continue
            stats = stats_of(row, self._catalogue.items.popularity)
            if len(self._sent) >= SENT_ITEMS:
                self._sent.clear()
            self._sent[item_id] = now
            # In the checkpoint: a worker that was paused and lost the partition must not write old statistics over new ones.
            out.saved.append(Outbound(self._stats, item_id.encode(), encode_stats(stats), (), shard.number))
            # This worker knows its own statistics at once; the other workers read them from the topic.
            self._catalogue.put_stats(item_id, stats, shard.number, now)

    def _forget(self, shard: ItemShard, out: Outcome, most: int) -> None:
        """Delete rows and statistics of ids that no record lists: of too many, or not heard of for too long."""
        for item_id in self._catalogue.strangers.overdue(shard.number, most):
            shard.rows.delete(item_id.encode())
            shard.memory.waiting.pop(item_id, None)
            self._sent.pop(item_id, None)
            out.saved.append(Outbound(self._stats, item_id.encode(), None, (), shard.number))
            self._catalogue.drop_stats(item_id)
            out.counts["forgotten"] += 1


def _urgent(waiting: dict[str, int], now: int) -> list[str]:
    """The items whose interval has passed, and those that have waited longest of what exceeds WAITING_BYTES."""
    left, urgent = WAITING_BYTES, []
    for item_id, due in reversed(waiting.items()):
        left -= len(item_id.encode()) + ENTRY_BYTES
        if due <= now or left < 0:
            urgent.append(item_id)
    return urgent[::-1]
