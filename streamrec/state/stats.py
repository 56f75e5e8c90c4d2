"""What the item side tells every worker about an item: a record of at most 1 KiB on the topic item-stats."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from streamrec.state.item import NEIGHBOUR_HALF_LIFE, ItemRow

MOST_NEIGHBOURS = 24
MOST_BYTES = 1024


class ItemStats(Struct, array_like=True):
    """Decayed counters (kinds × half-lives, as of `ts`) and the strongest neighbours with their weights.

    `version` grows with every signal; a lower one that comes later is out of date.
    """

    version: int
    ts: int
    first_ts: int
    counts: list[list[float]]
    neighbours: list[tuple[str, float]]


_encode = msgspec.json.Encoder().encode
decode_stats = msgspec.json.Decoder(ItemStats).decode


def stats_of(row: ItemRow) -> ItemStats:
    """The statistics of an item as of its newest event."""
    # A row can have a hundred neighbours and this runs for every signal: weights are rounded only once the strongest are known.
    weighed = [(-entry.at(row.ts, NEIGHBOUR_HALF_LIFE), item_id) for item_id, entry in row.neighbours.items()]
    strongest = [(item_id, round(-weight, 3)) for weight, item_id in sorted(weighed)[:MOST_NEIGHBOURS]]
    counts = [[round(value, 3) for value in values] for values in row.counts]
    return ItemStats(row.version, row.ts, row.first_ts, counts, strongest)


def encode_stats(stats: ItemStats) -> bytes:
    """The record's bytes; the weakest neighbours are left out until it fits into 1 KiB."""
    raw = _encode(stats)
    while len(raw) > MOST_BYTES and stats.neighbours:
        del stats.neighbours[-max(1, len(stats.neighbours) // 8) :]
        raw = _encode(stats)
    return raw
