"""Lists and dead letters as the live page shows them: with titles, and without people unless the settings allow them."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import msgspec

from streamrec.contract.pieces import Names
from streamrec.contract.records import Inbound, Outbound, header
from streamrec.events.codec import decode_list
from streamrec.events.dead_letters import PREFIX
from streamrec.events.types import Recommendation
from streamrec.ranking.reasons.sentences import in_words

SHOWN_CHARACTERS = 500
"""Of a dead letter, which may have 4 MiB."""
REMEMBERED = 5000
"""Viewers who can be asked for by pseudonym: four minutes of one open page, which shows ten lists each half second."""
CONTEXT = ("topic", "partition", "offset", "stage", "reason", "message", "timestamp")


class Cause(msgspec.Struct):
    """What is shown of the event that a list answers."""

    item_id: str | None = None
    text: str | None = None


_decode_cause = msgspec.json.Decoder(Cause).decode


class People:
    """Names viewers: by id if people may be shown, else by a pseudonym that lasts as long as the process."""

    def __init__(self, show: bool) -> None:
        self.show = show
        # Of this process: a hash without a key could be tried for every id that somebody knows.
        self._key = secrets.token_bytes(16)
        self._shown: OrderedDict[str, str] = OrderedDict()

    def name(self, user_id: bytes) -> str:
        """What a viewer is called on the page."""
        if self.show:
            return user_id.decode(errors="replace")
        return f"viewer {blake2b(user_id, digest_size=4, key=self._key).hexdigest()}"

    def introduce(self, user_id: str) -> str:
        """The viewer's name; for a while, `whose` knows whose it is."""
        name = self.name(user_id.encode())
        self._shown[name] = user_id
        self._shown.move_to_end(name)
        if len(self._shown) > REMEMBERED:
            self._shown.popitem(last=False)
        return name

    def whose(self, name: str) -> str:
        """The id of a viewer who was introduced; any other name is taken for an id."""
        return self._shown.get(name, name)

    def meant(self, user_id: bytes, wanted: str) -> bool:
        """Whether `wanted` is this viewer's id or pseudonym."""
        return wanted.encode() == user_id or wanted == self.name(user_id)


class Shown(msgspec.Struct):
    """A list, with the record that it answers if that is at hand."""

    ranked: Recommendation
    cause: Inbound | None

    @classmethod
    def of(cls, made: Outbound, read: Iterable[Inbound]) -> Shown:
        """The list that a record holds, and which of the records read it answers."""
        ranked = decode_list(made.value)
        trigger = ranked.trigger
        same = (record for record in read if record.offset == trigger.offset and record.partition == trigger.partition)
        return cls(ranked, next((record for record in same if record.topic == trigger.topic), None))

    def needs(self) -> tuple[set[str], set[str]]:
        """The ids of items and rooms whose titles are wanted."""
        ranked, cause = self.ranked, self._event()
        items = [cause.item_id, *(item.item_id for item in ranked.items), *(item.because for item in ranked.items)]
        return {item for item in items if item}, {room for room in (ranked.room_id, *(item.room_id for item in ranked.items)) if room}

    def message(self, prefix: str, people: People, names: Names) -> dict[str, Any]:
        """The list as the page receives it."""
        ranked, cause, (titles, rooms) = self.ranked, self._event(), names
        return {
            "id": ranked.list_id.removeprefix(prefix),
            "viewer": people.introduce(ranked.user_id),
            "room": ranked.room_id,
            "room_title": rooms.get(ranked.room_id or ""),
            "topic": ranked.trigger.topic.removeprefix(prefix),
            "item": titles.get(cause.item_id, cause.item_id) if cause.item_id else None,
            "text": cause.text if people.show else None,
            "generated_ts": ranked.generated_ts,
            "waited_ms": max(0, ranked.generated_ts - self.cause.timestamp) if self.cause is not None else None,
            "covers": len(ranked.covers),
            "seq": ranked.seq,
            "degraded": ranked.degraded,
            "model": msgspec.to_builtins(ranked.model),
            "weights": ranked.weights_version,
            "arm": ranked.arm,
            "phases_ms": ranked.phases_ms,
            "items": [
                {
                    "id": item.item_id,
                    "title": titles.get(item.item_id, item.item_id),
                    "room": rooms.get(item.room_id or "", item.room_id),
                    "score": item.score,
                    "scores": item.scores,
                    "reasons": item.reasons,
                    "why": in_words(item, titles),
                }
                for item in ranked.items
            ],
        }

    def _event(self) -> Cause:
        if self.cause is None or not self.cause.value:
            return Cause()
        try:
            return _decode_cause(self.cause.value[self.cause.value.index(b"{") :])
        except (ValueError, msgspec.DecodeError):
            return Cause()  # Avro


def letter(record: Outbound, prefix: str, people: People) -> dict[str, Any]:
    """A dead letter for the page: where the record was read and why it could not be used, and its content if people may be shown."""
    context = {name: (header(record.headers, PREFIX + name) or b"").decode(errors="replace") for name in CONTEXT}
    content = (record.value or b"")[:SHOWN_CHARACTERS].decode(errors="replace") if people.show else None
    return {**context, "topic": context["topic"].removeprefix(prefix), "value": content}
