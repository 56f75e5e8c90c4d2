"""A tiny shop for tests: short ways to items, events and records, and a text model that needs no weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from streamrec.catalogue.catalogue import Catalogue
from streamrec.contract.memory_rows import MemoryRows
from streamrec.evaluation.replay import Record
from streamrec.events.types import EventTime, Item, Purchase, Room, Rule, View
from streamrec.settings import Settings
from streamrec.understanding.words import words

NOW = 1_700_000_000_000
DAY = 86_400_000


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


def purchase(user_id: str, item_id: str, ts: int = NOW, **fields: Any) -> Purchase:
    """A purchase."""
    return Purchase(user_id=user_id, item_id=item_id, ts=EventTime(ts), price=10.0, currency="GBP", **fields)


def view(user_id: str, item_id: str, ts: int = NOW, **fields: Any) -> View:
    """A view."""
    return View(user_id=user_id, item_id=item_id, ts=EventTime(ts), **fields)


def record(topic: str, offset: int, partition: int = 0, **fields: Any) -> Record:
    """A record of `streamrec.<topic>` under the key of its user."""
    return Record(f"streamrec.{topic}", offset, fields["user_id"].encode(), msgspec.json.encode(fields), fields.get("ts", NOW), partition)


def rows() -> MemoryRows[Any]:
    """An empty state table."""
    return MemoryRows[Any]()


class WordModel:
    """A text model for unit tests: a token is a hash of a word, a vector counts words, a score counts common words."""

    name, revision, provider, precision = "words", "1", "none", "fp32"
    precision_why = precision_advice = ""
    late_tokens = late_dim = 0
    dim, max_item_tokens, max_user_tokens = 64, 8, 16

    def tokenize(self, texts: Sequence[str], limit: int) -> Any:
        tokens = np.zeros((len(texts), limit), np.int32)
        for row, text in zip(tokens, texts, strict=True):
            found = [1 + sum(map(ord, word)) % 997 for word in words(text)][:limit]
            row[: len(found)] = found
        return tokens

    def encode(self, tokens: Any) -> Any:
        vectors = np.zeros((len(tokens), self.dim), np.float32)
        for row, found in zip(vectors, tokens, strict=True):
            np.add.at(row, found[found > 0] % self.dim, 1.0)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def prefixes(self, said: Any, recent: Any) -> Any:
        prefixes = np.zeros((len(said), self.max_user_tokens), np.int32)
        for row, own, items in zip(prefixes, said, recent, strict=True):
            found = np.concatenate([own[own > 0], items[items > 0]])[: self.max_user_tokens]
            row[: len(found)] = found
        return prefixes

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def item_states(self, tokens: Any) -> Any:
        return np.zeros((len(tokens), self.late_tokens, self.late_dim), np.float16)

    def close(self) -> None:
        pass

    def score(self, users: Any, items: Any, user_of_pair: Any, patience_s: float | None = None) -> Any:
        return np.array([len(set(users[u]) & set(g) - {0}) for u, g in zip(user_of_pair, items, strict=True)], np.float32)


def catalogue(*items: Item, model: WordModel | None = None) -> Catalogue:
    """A catalogue that holds the items."""
    made = Catalogue(model)
    made.put_items(items)
    return made
