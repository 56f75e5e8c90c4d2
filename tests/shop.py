"""A tiny shop for tests: short ways to items, events and records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from streamrec.catalogue.catalogue import Catalogue
from streamrec.contract.records import Headers
from streamrec.events.fields import EventTime
from streamrec.events.types import Danmaku, Feedback, Item, Purchase, Room, Rule, View
from streamrec.settings import Settings
from streamrec.state.meant import Meant
from streamrec.state.user import UserRow
from streamrec.testing import MemoryRows, WordModel
from streamrec.understanding.reader import Reader
from streamrec.worker.comments import Comments

NOW = 1_700_000_000_000
DAY = 86_400_000


class Record(NamedTuple):
    """A record as a processor reads it, with what tests seldom name at the end."""

    topic: str
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    partition: int = 0
    headers: Headers = ()


def settings(**changes: Any) -> Settings:
    """Settings of a deterministic ranking."""
    return Settings(**{"candidates": "all", "partitions": 1, "diversity": 0.0, "cross_pairs_fixed": True, "scoring": "off", **changes})


def item(item_id: str, title: str = "red mug", **fields: Any) -> Item:
    """An item that is on sale."""
    return Item(**{"item_id": item_id, "title": title, "price": 10.0, "currency": "GBP", **fields})


def room(room_id: str, shelf: Sequence[str], **fields: Any) -> Room:
    """A live room."""
    return Room(**{"room_id": room_id, "host_id": "h", "status": "live", "shelf": list(shelf), "ts": EventTime(NOW), **fields})


def rule(rule_id: str, action: str, target_id: str, **fields: Any) -> Rule:
    """A rule about an item, unless `target` says of what."""
    return msgspec.convert({"rule_id": rule_id, "action": action, "target": "item", "target_id": target_id, **fields}, Rule)


def meant(shop: Catalogue, text: str, item_id: str | None = None, room_id: str = "r", ts: int = NOW) -> Meant:
    """What a comment means, read by rules alone."""
    comments, event = Comments(shop, Reader()), Danmaku(user_id="u", room_id=room_id, ts=EventTime(ts), text=text, item_id=item_id)
    return comments.meant(comments.read(event, comments.judge([event])[0], UserRow()))


def purchase(user_id: str, item_id: str, ts: int = NOW, **fields: Any) -> Purchase:
    """A purchase."""
    return Purchase(user_id=user_id, item_id=item_id, ts=EventTime(ts), price=10.0, currency="GBP", **fields)


def view(user_id: str, item_id: str, ts: int = NOW, **fields: Any) -> View:
    """A view."""
    return View(user_id=user_id, item_id=item_id, ts=EventTime(ts), **fields)


def impression(user_id: str, item_id: str, ts: int = NOW) -> Feedback:
    """A look at an item of a list."""
    return Feedback(user_id=user_id, list_id="l", item_id=item_id, action="impression", ts=EventTime(ts))


def record(topic: str, offset: int, partition: int = 0, **fields: Any) -> Record:
    """A record of `streamrec.<topic>` under the key of its user."""
    return Record(f"streamrec.{topic}", offset, fields["user_id"].encode(), msgspec.json.encode(fields), fields.get("ts", NOW), partition)


def rows() -> MemoryRows[Any]:
    """An empty state table."""
    return MemoryRows[Any]()


def catalogue(*items: Item, model: WordModel | None = None) -> Catalogue:
    """A catalogue that holds the items."""
    made = Catalogue(model)
    made.put_items(items)
    return made
