"""A worker of a few lines for the tests of the fault harness: it makes what a perfect worker makes, and can be told to err."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from benchmarks.faults.check import OUTPUTS
from benchmarks.faults.events import CURSED, GHOST, GONE, GOOD, LABEL, POISON, REPEAT, Event, Mixture, catalogue
from streamrec.engine.store.mark import MARK, Mark, encode
from streamrec.state.decay import Tally
from streamrec.state.item import ItemRow
from streamrec.state.packing import pack_item, pack_user
from streamrec.state.repeats import remember
from streamrec.state.stats import encode_stats, stats_of
from streamrec.state.user import INTEREST_HALF_LIFE, SECRET_KEY, ErasedUser, ErasureSecret, UserRow, erased_key

TS = 1_700_000_000_000
PARTITIONS = 4
PREFIX = "shop."
KINDS = {"purchases": "bought", "views": "seen", "danmaku": "named"}


class Record(NamedTuple):
    """A record as read from Kafka."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def sources(count: int, seed: int = 1, cursed: bool = True) -> dict[str, list[Record]]:
    """The catalogue and so many events, in the topics that they were sent to."""
    found: dict[str, list[Record]] = defaultdict(list)
    ends: Counter[tuple[str, int]] = Counter()
    for event in (*catalogue(TS), *islice(Mixture(seed, TS, cursed), count)):
        found[event.topic].append(_arrived(event, ends))
    return found


def _arrived(event: Event, ends: Counter[tuple[str, int]]) -> Record:
    partition = len(event.key or b"") % PARTITIONS
    offset = ends[event.topic, partition]
    ends[event.topic, partition] += 1
    return Record(event.topic, partition, offset, event.key, event.value, [(LABEL, event.label)])


class Work:
    """What came of the sources, as the records of all outputs; `skip` are events (by place) that are forgotten, `twice` applied twice."""

    def __init__(self, read: dict[str, list[Record]], skip: Collection[Any] = (), twice: Collection[Any] = ()) -> None:
        self.users: dict[str, UserRow] = defaultdict(UserRow)
        self.items: dict[str, ItemRow] = defaultdict(ItemRow)
        self.erased: set[str] = set()
        self.lists: list[dict[str, Any]] = []
        self.dead: list[tuple[Record, str]] = []
        for record in (record for topic, records in read.items() if topic != "items" for record in records):
            place = (record.topic, record.partition, record.offset)
            for _ in range((place not in skip) + (place in twice)):
                self._take(record)
        self.dead += [(record, reason) for record in read["items"] if (reason := _reason(record)) is not None]

    def outputs(self) -> dict[str, list[Record]]:
        """The records."""
        live = {user: row for user, row in self.users.items() if user not in self.erased}
        found: dict[str, Iterable[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]]] = {
            "user-changelog": [
                *((user.encode(), pack_user(row), []) for user, row in live.items()),
                (SECRET_KEY, pack_user(ErasureSecret(b"s")), []),
                *((erased_key(user, b"s"), pack_user(ErasedUser(TS + 1)), []) for user in self.erased),
                (MARK, encode(Mark({}, {}, {})), []),
            ],
            "item-changelog": [(item.encode(), pack_item(row), []) for item, row in self.items.items()],
            "item-stats": [(item.encode(), encode_stats(stats_of(row)), []) for item, row in self.items.items()],
            "recommendations": [(one["user_id"].encode(), msgspec.json.encode(one), []) for one in self.lists],
            "dead-letters": [(record.key, record.value, _context(record, reason)) for record, reason in self.dead],
        }
        return {name: [Record(name, 0, offset, *fields) for offset, fields in enumerate(found[name])] for name in OUTPUTS}

    def _take(self, record: Record) -> None:
        label = record.headers[0][1].decode().partition(":")[0]
        if (reason := _reason(record)) is not None:
            assert label in (POISON, CURSED)
            self.dead.append((record, reason))
        elif label == GONE:
            event = json.loads(record.value or b"")
            if record.topic == "erasures":
                self.erased.add(event["user_id"])
        elif label == GOOD:
            self._apply(record, json.loads(record.value or b""))
        else:
            assert label == REPEAT

    def _apply(self, record: Record, event: dict[str, Any]) -> None:
        row = self.users[event["user_id"]]
        row.offsets[record.topic] = record.offset
        if "event_id" in event:
            row.event_ids = remember(row.event_ids, event["event_id"], event["ts"])
        if "item_id" in event:
            tallies: dict[str, Tally] = getattr(row, KINDS[record.topic])
            tallies.setdefault(event["item_id"], Tally(event["ts"], 0.0)).add(event["ts"], 1.0, INTEREST_HALF_LIFE)
            assert event["item_id"] != GHOST
            self.items[event["item_id"]].version += 1
        place = (PREFIX + record.topic, record.partition, record.offset)
        self.lists.append({"list_id": "-".join(map(str, place)), "user_id": event["user_id"], "covers": [place]})


def _reason(record: Record) -> str | None:
    return record.headers[0][1].decode().partition(":")[2] or None


def _context(record: Record, reason: str) -> list[tuple[str, bytes]]:
    context = {"topic": PREFIX + record.topic, "partition": record.partition, "offset": record.offset, "reason": reason}
    return [*record.headers, *((f"streamrec.errors.{name}", str(value).encode()) for name, value in context.items())]
