"""A small sketch of a catalogue, by which a worker tells how much of its own catalogue a blend was trained on.

It holds the least hashes of the item ids (bottom-k, Cohen & Kaplan, PODC 2007). Below the largest of them it knows every item of its
catalogue, so that the items of any other catalogue that hash there are a sample of that one.
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import blake2b

import msgspec
import numpy as np
from numpy.typing import NDArray

SIZE = 1024
"""Hashes: the sketch of 4,000 items compares every fourth item of another catalogue, and takes 5.5 kB of JSON."""
BYTES = 4
"""Of a hash. Among a million items one in four thousand strangers has the hash of an item."""
LEAST_SHARE = 0.1
"""Share of the items that must be known. A shop keeps far more from one month to the next; ids of two shops meet by chance."""
ENOUGH = 8
"""Items without any that is known, from which on a catalogue is called unknown: with half of the items known, 1 in 256 would be so."""


class Sketch(msgspec.Struct, frozen=True, kw_only=True):
    """How many items a catalogue had, and its least hashes (little-endian, ascending; Base64 in JSON)."""

    items: int
    least: bytes

    @classmethod
    def of(cls, item_ids: Collection[str]) -> Sketch:
        """The sketch of a catalogue."""
        return cls(items=len(item_ids), least=np.unique(_hashes(item_ids))[:SIZE].astype("<u4").tobytes())

    def compare(self, item_ids: Collection[str]) -> Overlap:
        """How many of these items can be compared, and how many of those are known."""
        least, others = np.frombuffer(self.least, "<u4"), _hashes(item_ids)
        if self.items > len(least):
            others = others[others <= least[-1]]
        return Overlap(len(others), int(np.isin(others, least).sum()))


class Overlap(msgspec.Struct, frozen=True):
    """Of so many items of a catalogue that could be compared, so many are known."""

    compared: int
    known: int

    @property
    def verdict(self) -> bool | None:
        """Whether the catalogue is known; None if it has too few items to tell."""
        if self.known and self.known >= LEAST_SHARE * self.compared:
            return True
        return False if self.compared >= ENOUGH else None


def _hashes(item_ids: Collection[str]) -> NDArray[np.uint32]:
    digests = b"".join(blake2b(item_id.encode(), digest_size=BYTES).digest() for item_id in item_ids)
    return np.frombuffer(digests, "<u4")
