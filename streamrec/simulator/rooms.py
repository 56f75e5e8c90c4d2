"""A made-up live room: its shelf, what is on air, and its host, who talks through the shelf."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from streamrec.events.types import Item
from streamrec.simulator import host
from streamrec.simulator.messages import SIMULATED, Message, message
from streamrec.simulator.truth import Truth
from streamrec.simulator.utterances import Language, slip

HOSTS: dict[Language, tuple[str, ...]] = {
    "en": ("Anna", "Oliver", "Grace", "Tom", "Ella", "Sophie"),
    "zh": ("小雨", "阿杰", "晓琳", "老王", "小北", "阿梅"),
}
SPEED_MS = {"en": 65, "zh": 220}
"""How long a character takes to say."""
FRESH = 0.3
"""Chance that a new item comes onto the shelf between two turns."""
MISHEARS, CORRECTS = 0.35, 0.5
"""Chances that speech recognition mistakes sounds of a segment, and that it corrects them afterwards."""


class Spoken(NamedTuple):
    """What a host did next, and whether viewers were asked to write that they want the item."""

    message: Message
    hands: bool = False


class Segment(NamedTuple):
    """A segment as it was said."""

    number: int
    text: str
    start_ms: int
    end_ms: int
    confidence: float


class Room:
    """A live room with a theme and a shelf, whose first item is number 1. Only one that `tells` has `on_air` in its record."""

    def __init__(self, number: int, theme: str, language: Language, shelf: list[Item], *, tells: bool = True) -> None:
        self.room_id, self.theme, self.language, self.shelf, self.tells = f"room-{number}", theme, language, shelf, tells
        self.host = HOSTS[language][(number - 1) % len(HOSTS[language])]
        self.title = f"{self.host}的{theme}直播间" if language == "zh" else f"{theme.title()} with {self.host}"
        self.on_air = shelf[0]
        self.before: Item | None = None
        self._script: deque[host.Line] | None = None
        self._segments = 0
        self._misheard: Segment | None = None

    def message(self, now_ms: int) -> Message:
        """The message that tells the room's present state."""
        fields = {
            "room_id": self.room_id,
            "host_id": f"host-{self.host}",
            "title": self.title,
            "status": "live",
            "shelf": [item.item_id for item in self.shelf],
            "ts": now_ms,
        }
        if self.tells:
            fields["on_air"] = self.on_air.item_id
        return message("rooms", fields, SIMULATED)

    def speak(self, dice: Random, stock: Sequence[Item], now_ms: int) -> Spoken:
        """The next segment, a segment corrected, or the room's record where the host has moved on to an item that it tells of."""
        if self._misheard is not None:
            corrected, self._misheard = self._misheard, None
            return Spoken(self._segment(corrected, revision=1))
        if self._script is None:
            self._script = deque([*host.opening(dice, self.language), *self._turn(dice)])
        elif not self._script:
            changed = self._move_on(dice, stock)
            self._script = deque(self._turn(dice))
            if changed or self.tells:
                return Spoken(self.message(now_ms))
        line = self._script.popleft()
        return Spoken(self._say(dice, line.text, now_ms), line.asks_for_hands)

    def _move_on(self, dice: Random, stock: Sequence[Item]) -> bool:
        """Put another item on air; returns whether the shelf has changed."""
        fresh = dice.choice(stock)
        changed = dice.random() < FRESH and fresh not in self.shelf
        others = [place for place, item in enumerate(self.shelf) if item is not self.on_air] or [0]
        place = dice.choice(others)
        if changed:
            self.shelf[place] = fresh
        self.before, self.on_air = self.on_air, self.shelf[place]
        return changed

    def _turn(self, dice: Random) -> list[host.Line]:
        before = self.shelf.index(self.before) + 1 if self.before in self.shelf else None
        return host.turn(dice, self.language, self.on_air, self.shelf.index(self.on_air) + 1, before)

    def _say(self, dice: Random, text: str, now_ms: int) -> Message:
        self._segments += 1
        heard = slip(dice, self.language, text) if dice.random() < MISHEARS else text
        # It is written down when it has been said.
        start_ms = now_ms - SPEED_MS[self.language] * len(text)
        confidence = round(dice.uniform(0.7, 0.99), 2)
        if heard != text and dice.random() < CORRECTS:
            self._misheard = Segment(self._segments, text, start_ms, now_ms, confidence)
        return self._segment(Segment(self._segments, heard, start_ms, now_ms, confidence))

    def _segment(self, one: Segment, revision: int = 0) -> Message:
        fields = {
            "room_id": self.room_id,
            "segment": f"{self.room_id}-{one.number:06}",
            "ts": one.start_ms,
            "end_ts": one.end_ms,
            "text": one.text,
            "lang": self.language,
            "confidence": one.confidence,
            "revision": revision,
        }
        return message("transcripts", fields, SIMULATED, Truth(self.on_air.item_id))
