"""What the item side tells every worker about an item: a record of at most 1 KiB on the topic `item-stats`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, Struct, field
from numpy.typing import NDArray

from streamrec.events.fields import Id, Label
from streamrec.state.crowd import Spread
from streamrec.state.decay import Tally
from streamrec.state.item import COUNTRIES, COUNTRY_HALF_LIFE, HALF_LIVES, KINDS, NEIGHBOUR_HALF_LIFE, ItemRow, Natural, believed, heard
from streamrec.state.voices import Amount, Spoken, Time, spoken

# As many neighbours as ranking takes of an item's links (`catalogue.links.WIDTH`).
MOST_NEIGHBOURS, MOST_LEADERS = 20, 12
# Every worker reads the record of every item at its start, and again whenever it changes: 1 KiB of 100,000 items are 100 MB.
MOST_BYTES = 1024
Halves = Annotated[list[Amount], Meta(min_length=len(HALF_LIVES), max_length=len(HALF_LIVES))]
Weighed = list[tuple[Id, Amount]]
Floats = NDArray[np.float64]


class ItemStats(Struct, array_like=True):
    """Decayed counters of shape (kinds, half-lives), as of `ts`, and the strongest neighbours with their weights.

    `version` grows with every signal; a record with a lower one is out of date. Fields are written by position: new ones go to the end,
    with a default. The bounds are what the columns of a catalogue can take: a record beyond them was not written by streamrec.
    """

    version: Natural
    ts: Time
    first_ts: Time
    counts: Annotated[list[Halves], Meta(min_length=len(KINDS), max_length=len(KINDS))]
    neighbours: Annotated[Weighed, Meta(max_length=MOST_NEIGHBOURS)]
    leaders: Annotated[Weighed, Meta(max_length=MOST_LEADERS)] = field(default_factory=list)
    """Items of the baskets that came just before a purchase of this one."""
    again: Amount = 0.0
    """Purchases by people who had bought it before, half-life 90 days."""
    sold_ts: Time = 0
    countries: Annotated[list[tuple[Label, Amount]], Meta(max_length=COUNTRIES)] = field(default_factory=list)
    """Purchases by country, half-life 30 days."""
    listed: bool = False
    """Whether the catalogue listed the item when something was counted."""
    crowd: Spread = field(default_factory=Spread)
    newcomers: Halves = field(default_factory=lambda: [0.0] * len(HALF_LIVES))
    """Of the purchases in `counts` the first ones by accounts without standing: what people take who are new to the shop."""
    spoken: Spoken = field(default_factory=Spoken)


_encode = msgspec.json.Encoder().encode
decode_stats = msgspec.json.Decoder(ItemStats).decode


def alike(item_ids: Sequence[str]) -> Floats:
    """Equal popularity for all items."""
    return np.ones(len(item_ids))


def stats_of(row: ItemRow, popularity: Callable[[Sequence[str]], Floats] = alike) -> ItemStats:
    """The statistics of an item as of its newest event.

    The neighbours with the largest weight over the root of their `popularity` are told: up to a factor that is the cosine, while raw
    weights would fill the record with what everybody buys anyway.
    """
    # Rounded to fit 1 KiB; a thousandth of a purchase ranks nothing.
    counts = [[round(value, 3) for value in values] if values[-1] else values for values in heard(row)]
    return ItemStats(
        row.version,
        row.ts,
        row.first_ts,
        counts,
        _strongest(row.neighbours, row.ts, MOST_NEIGHBOURS, popularity),
        _strongest(row.leaders, row.ts, MOST_LEADERS, popularity),
        round(row.again.at(row.ts, NEIGHBOUR_HALF_LIFE), 3),
        row.sold_ts,
        [(name, round(entry.at(row.ts, COUNTRY_HALF_LIFE), 3)) for name, entry in sorted(row.countries.items())],
        row.listed,
        row.crowd.told(row.ts),
        [round(min(first, most), 3) for first, most in zip(row.newcomers, believed(row, "purchase"), strict=True)],
        spoken(row.chorus, row.ts),
    )


def _strongest(tallies: Mapping[str, Tally], ts: int, most: int, popularity: Callable[[Sequence[str]], Floats]) -> Weighed:
    # A row can have more than a hundred neighbours and this runs for every signal in a replay: hence arrays.
    item_ids, count = list(tallies), len(tallies)
    weights = np.fromiter((entry.count for entry in tallies.values()), np.float64, count)
    weights *= np.exp2((np.fromiter((entry.ts for entry in tallies.values()), np.int64, count) - ts) / NEIGHBOUR_HALF_LIFE)
    standing = np.round(weights / np.sqrt(popularity(item_ids)), 9)
    least = np.partition(standing, count - most)[count - most] if count > most else -np.inf
    ranked = sorted((-standing[place], item_ids[place], place) for place in np.flatnonzero(standing >= least).tolist())
    return [(item_id, round(float(weights[place]), 3)) for _, item_id, place in ranked[:most]]


def encode_stats(stats: ItemStats) -> bytes:
    """The record's bytes. The weakest of the longest list (neighbours, leaders or countries) are left out until it fits into 1 KiB."""
    raw = _encode(stats)
    while len(raw) > MOST_BYTES and (longest := max((stats.neighbours, stats.leaders, stats.countries), key=len)):
        del longest[-max(1, len(longest) // 8) :]
        raw = _encode(stats)
    return raw
