"""Statistics of ids that no item record lists, kept for a while in case the record comes."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import NamedTuple

from streamrec.state.stats import ItemStats, decode_stats, encode_stats

ENTRY_BYTES = 250
"""About what an entry takes beside the bytes of its id and its statistics: Python's objects and the place in the dictionary."""


class Heard(NamedTuple):
    """Statistics, the partition of the item side that sent them, and when (ms)."""

    stats: ItemStats
    home: int
    heard_ms: int


class Unlisted:
    """Packed statistics by id, within a number of bytes; the least recently heard of make way.

    Statistics and item records travel on separate topics and may come in either order. A worker that starts has read statistics whose
    items are still to come, so nothing makes way from `begin` to `settle`.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._settled = True
        self._held: OrderedDict[str, tuple[int, bytes, int, int]] = OrderedDict()
        self.bytes = 0
        self.counts: Counter[str] = Counter()
        """How many statistics made way, as "unlisted"."""

    def __len__(self) -> int:
        """Ids."""
        return len(self._held)

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._held

    def put(self, item_id: str, stats: ItemStats, home: int, heard_ms: int) -> bool:
        """Keep the statistics of an id unless newer ones are known; returns whether they were kept."""
        former = self._held.get(item_id)
        if former is not None and stats.version <= former[0]:
            return False
        # Out and in again: it goes to the end of the line of those that make way.
        self.pop(item_id)
        # Packed: as objects, statistics take more memory than as a record.
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
        """Hold everything from now on: statistics are about to be read whose items may come later."""
        self._settled = False

    def settle(self) -> None:
        """Everything that was there has been read: hold no more than the limit from now on."""
        self._settled = True
        self._make_way()

    def _make_way(self) -> None:
        while self.bytes > self._limit:
            item_id, (_, raw, *_) = self._held.popitem(last=False)
            self.bytes -= _size(item_id, raw)
            self.counts["unlisted"] += 1


def _size(item_id: str, raw: bytes) -> int:
    return len(item_id.encode()) + len(raw) + ENTRY_BYTES
