"""Made-up rooms, written by a language model for these tests, and what is heard of them."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from streamrec.events.fields import EventTime
from streamrec.events.speech import Transcript
from streamrec.events.types import Item
from streamrec.understanding.characters import syllables
from streamrec.understanding.host.on_air import Heard, Hearing, OnAir
from streamrec.understanding.host.shelf import Shelf

ROOMS = Path(__file__).parent / "rooms"
START_MS = 1_764_374_400_000


def said(text: str, at_s: float = 0, segment: str | None = None, revision: int = 0, confidence: float | None = None) -> Transcript:
    """A segment; one said at another second is another one."""
    name = segment or f"at {at_s}"
    ts = EventTime(START_MS + int(at_s * 1000))
    return Transcript(room_id="r", segment=name, ts=ts, text=text, revision=revision, confidence=confidence)


def item(item_id: str, title: str, price: float = 99, category: str | None = None, **attributes: str) -> Item:
    """An item that costs yuan."""
    return Item(item_id=item_id, title=title, price=price, currency="CNY", category=category, attributes=attributes)


def hear(shelf: Shelf, segments: Sequence[Transcript], state: Hearing | None = None) -> tuple[Hearing, list[Heard]]:
    """What is on air after each segment."""
    state, found = state or Hearing(), []
    for segment in segments:
        state, heard = OnAir().hear(state, segment, shelf)
        found.append(heard)
    return state, found


def room(name: str) -> tuple[Shelf, list[tuple[str, str | None]]]:
    """The shelf of a made-up room, and its segments with the item on air."""
    first, *segments = map(json.loads, (ROOMS / f"{name}.jsonl").read_text("utf-8").splitlines())
    fields = ("item_id", "title", "category", "brand", "price", "currency", "attributes")
    return Shelf([Item(**dict(zip(fields, row, strict=True))) for row in first["items"]]), [tuple(row) for row in segments]


def accuracy(name: str, spoil: Callable[[str], str] = str) -> tuple[float, float]:
    """The share of segments after which the right item is on air, and the median of segments until a new one is."""
    shelf, segments = room(name)
    _, heard = hear(shelf, [said(spoil(text), 27 * at) for at, (text, _) in enumerate(segments)])
    right = [found.on_air == gold for found, (_, gold) in zip(heard, segments, strict=True)]
    delays, start = [], 0
    for at, (_, gold) in enumerate(segments):
        if at and gold != segments[at - 1][1]:
            start = at
        if right[at] and not any(right[start:at]):
            delays.append(at - start)
    return sum(right) / len(right), sorted(delays)[len(delays) // 2]


def misheard(seed: int, share: float = 0.1) -> Callable[[str], str]:
    """Puts other characters of the same sound in the place of a share of the Chinese ones."""
    rng = random.Random(seed)

    def spoil(text: str) -> str:
        sounds = zip(text, syllables(text), strict=True)
        return "".join(rng.choice(_alike()[sound]) if sound != sign and rng.random() < share else sign for sign, sound in sounds)

    return spoil


@cache
def _alike() -> dict[str, list[str]]:
    common = [chr(code) for code in range(0x4E00, 0x9FA6) if chr(code).encode("gb2312", "ignore")]
    alike = defaultdict(list)
    for sign, sound in zip(common, syllables("".join(common)), strict=True):
        alike[sound].append(sign)
    return alike
