"""Statistics of ids that no item record lists: kept for a while, in case the record comes."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import NamedTuple

from streamrec.state.stats import ItemStats, decode_stats, encode_stats

ENTRY_BYTES = 250
"""What an entry takes beside the bytes of its id and its statistics."""


class Heard(NamedTuple):
    """Statistics, from which partition of the item side they came, and when (ms) they were sent."""

    stats: ItemStats
    home: int
    heard_ms: int


class Unlisted:
    """Packed statistics by id, in a number of bytes; those that were heard of least recently make way.

    Statistics and item records travel on separate topics, so that the ones may come before the others. While a worker starts it
    has read some statistics and not their items: from `begin` to `settle` nothing makes way.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._settled = True
        self._held: OrderedDict[str, tuple[int, bytes, int, int]] = OrderedDict()
        self.bytes = 0
        self.counts: Counter[str] = Counter()
        """Statistics that made way, as "unlisted"."""

    def __len__(self) -> int:
        """Ids."""
        return len(self._held)

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._held

    def put(self, item_id: str, stats: ItemStats, home: int, heard_ms: int) -> bool:
        """Keep the statistics of an id unless newer ones are known; whether they were kept."""
        former = self._held.get(item_id)
        if former is not None and stats.version <= former[0]:
            return False
        self.pop(item_id)
        raw = encode_stats(stats)
        self._held[item_id] = stats.version, raw, home, heard_ms
        self.bytes += _size(item_id, raw)
        if self._settled:
            self._make_way()
        return True

    def pop(self, item_id: str) -> Heard | None:
        """Take the statistics of an id out."""
        held = self._held.pop(item_id, None)
        if held is None:
            return None
        self.bytes -= _size(item_id, held[1])
        return Heard(decode_stats(held[1]), *held[2:])

    def begin(self) -> None:
        """Statistics are about to be read of items whose records may come later."""
        self._settled = False

    def settle(self) -> None:
        """All that was there has been read: hold no more than the limit from here on."""
        self._settled = True
        self._make_way()

    def _make_way(self) -> None:
        while self.bytes > self._limit:
            item_id, (_, raw, *_) = self._held.popitem(last=False)
            self.bytes -= _size(item_id, raw)
            self.counts["unlisted"] += 1


def _size(item_id: str, raw: bytes) -> int:
    return len(item_id.encode()) + len(raw) + ENTRY_BYTES
