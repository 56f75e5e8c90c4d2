"""Who may decide a list: how many false accounts bring a cold item into the top 10 of one clean viewer in twenty.

    python -m benchmarks.poisoning [--data DIR] [--at 2011-10-01] [--targets 7] [--viewers 200] [--quick] [--json] [--out FILE]

Real purchases up to a day make users, items and statistics by the code of the worker; DIR holds items.jsonl and events.jsonl as
`streamrec dataset uci` makes them, by default it is the shipped sample. The attack happens within the hour before midnight (UTC) of that
day, or is prepared over the days before. Then every viewer, a customer of the month that follows, is given a list out of the whole
catalogue by the shipped blend without the cross-encoder. What is attacked are items that hardly sold. Each attack grows until its target
reaches the top 10 of 5 % of the viewers; reported is the median over the targets, and "more" where the most that was tried did not do.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import numpy as np

from benchmarks.machine import machine
from streamrec.bert.blends import load_blend
from streamrec.bert.folder import ModelFolder
from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.items import PURCHASE
from streamrec.contract.processor import Part
from streamrec.contract.records import Record
from streamrec.contract.rows import MemoryRows
from streamrec.evaluation.replay import read_timeline
from streamrec.events.files import read_items
from streamrec.events.types import Item, Purchase
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.ranker import Ranker
from streamrec.settings import Settings
from streamrec.simulator.playback import SAMPLE
from streamrec.state.memory import ItemMemory, ItemShard, UserMemory, UserShard
from streamrec.state.packing import pack_item, pack_user, unpack_item, unpack_user
from streamrec.state.stats import decode_stats
from streamrec.state.user import UserRow
from streamrec.system.clock import DAY_MS, HOUR_MS
from streamrec.worker.assembly import load_model
from streamrec.worker.items import ItemProcessor
from streamrec.worker.list_maker import ListMaker
from streamrec.worker.users import UserProcessor

GOAL, PLACES = 0.05, 10
COPIED = 20
"""Purchases of a real customer that a false account repeats."""
STEP = 1.15
BATCH = 64
SETTINGS = Settings(prefix="", partitions=1, stats_interval_ms=0, candidates="all", diversity=0.0, cross_pairs=0, k=PLACES, explore_slots=0)
Wire = tuple[str, dict[str, Any]]
"""Topic and fields of an event."""


class Rows(MemoryRows[Any]):
    """Rows that begin as a copy of packed ones; only those that an attack touches are worth unpacking."""

    def __init__(self, packed: dict[bytes, bytes], unpack: Callable[[bytes], Any]) -> None:
        super().__init__()
        self._packed, self._unpack = packed, unpack

    def get(self, key: bytes, default: Any = None) -> Any:
        """The row, unpacked when it is first asked for."""
        if key not in self and key in self._packed:
            self[key] = self._unpack(self._packed[key])
        return super().get(key, default)

    def delete(self, key: bytes) -> None:
        """Forget the row."""
        self[key] = None

    def scan(self, prefix: bytes, after: bytes, most: int) -> list[bytes]:
        """The next keys with a prefix, in order."""
        there = [key for key in self._packed.keys() | self.keys() if self.get(key) is not None]
        return sorted(key for key in there if key.startswith(prefix) and key > after)[:most]


class Side:
    """Users, items and catalogue in one process: the worker's processors without Kafka and without lists."""

    def __init__(self, items: list[Item], model: Any, users: dict[bytes, bytes], rows: dict[bytes, bytes], stats: dict[str, bytes]) -> None:
        self.now = 0
        self.catalogue = Catalogue(model)
        self.catalogue.put_items(items)
        for item_id, raw in stats.items():
            self.catalogue.put_stats(item_id, decode_stats(raw))
        self.ranker = Ranker(self.catalogue, SETTINGS, load_blend(ModelFolder.load(), "allow", "bert"))
        maker = ListMaker(self.catalogue, self.ranker, clock_ms=None)
        self._users = UserProcessor(SETTINGS, self.catalogue, maker, lambda: self.now, rank_at=())
        self._items = ItemProcessor(SETTINGS, self.catalogue, lambda: self.now, only_at_ticks=True)
        self.user_rows, self.item_rows = Rows(users, unpack_user), Rows(rows, unpack_item)
        self._users_shard = UserShard(0, self.user_rows, UserMemory())
        self._items_shard = ItemShard(0, self.item_rows, ItemMemory())
        self._offset = 0

    def send(self, topic: str, user_id: str, raw: bytes, ts: int) -> None:
        """Apply an event, and the signals that it sends to items."""
        self.now, self._offset = ts, self._offset + 1
        record = Record(topic, 0, self._offset, ts, user_id.encode(), raw, ())
        made = self._users.process([Part(self._users_shard, [record])])[0].records
        said = [Record(out.topic, 0, self._offset, ts, out.key, out.value, ()) for out in made if out.topic == "item-signals"]
        self._items.process([Part(self._items_shard, said)])

    def tell(self) -> dict[str, bytes]:
        """Let the statistics that have changed be known; gives their records."""
        saved = self._items.tick(self._items_shard, self.now).saved
        return {(out.key or b"").decode(): out.value for out in saved if out.value is not None}

    def ranks(self, viewers: list[str], ts: int, target: str) -> list[int]:
        """The place (from 1) of the target in each list that has it."""
        found, slot = [], self.catalogue.items.slots[target]
        for begin in range(0, len(viewers), BATCH):
            rows = [self.user_rows.get(viewer.encode()) or UserRow() for viewer in viewers[begin : begin + BATCH]]
            slots = self.ranker.rank(queries(rows, [ts] * len(rows), [None] * len(rows), self.catalogue)).slots
            found += (1 + np.argmax(slots == slot, axis=1))[(slots == slot).any(axis=1)].tolist()
        return found


@dataclass(slots=True)
class World:
    """The shop at midnight, packed: any number of attacks begin from it."""

    items: list[Item]
    model: Any
    at: int
    users: dict[bytes, bytes]
    rows: dict[bytes, bytes]
    stats: dict[str, bytes]
    viewers: list[str]
    baskets: list[list[str]]
    """What some of the shop's real customers bought last."""

    @classmethod
    def of(cls, folder: Path, at: int, viewers: int) -> World:
        """The shop after all events of the folder before `at` (ms)."""
        files = {kind: next(folder.glob(f"{kind}.jsonl*")) for kind in ("items", "events")}
        side = Side(items := read_items(files["items"]), model := load_model(SETTINGS), {}, {}, {})
        stats: dict[str, bytes] = {}
        later: dict[str, None] = {}
        for line in read_timeline(files["events"]):
            if line.event.ts < at:
                side.send(line.topic, line.event.user_id, line.value, line.event.ts)  # type: ignore[union-attr]
                stats |= side.tell()
            elif isinstance(line.event, Purchase) and line.event.ts < at + 31 * DAY_MS:
                later[line.event.user_id] = None
        dice = random.Random(0)
        known = sorted(key.decode() for key in side.user_rows if not key.startswith(b"\x01"))
        bought = [list(side.user_rows[name.encode()].bought)[-COPIED:] for name in dice.sample(known, min(len(known), 500))]
        users = {key: pack_user(row) for key, row in side.user_rows.items()}
        rows = {key: pack_item(row) for key, row in side.item_rows.items()}
        chosen = dice.sample(sorted(later), min(viewers, len(later)))
        return cls(items, model, at, users, rows, stats, chosen, [basket for basket in bought if len(basket) > 1])

    def side(self) -> Side:
        """A fresh copy."""
        return Side(self.items, self.model, self.users, self.rows, self.stats)

    def cold(self, count: int) -> list[str]:
        """Items on sale that sold least of late, drawn from the tenth of them that did least."""
        items = self.side().catalogue.items
        names = [item.item_id for item in self.items if (item.created_ts or 0) < self.at - 30 * DAY_MS]
        slots = items.find(names)
        left = items.counts[slots, PURCHASE, 2] * np.exp2((items.counted_at[slots] - self.at) / (30 * DAY_MS))
        least = [names[place] for place in np.argsort(left, kind="stable")[: max(count, len(names) // 10)]]
        return random.Random(1).sample(least, count)


@dataclass(frozen=True, slots=True)
class Attack:
    """What account number n does for a target; `most` says how far the attack is tried, `unit` in what it is counted."""

    name: str
    most: int
    unit: str
    events: Callable[[World, str, int], Iterator[Wire]]


def _view(who: str, item: str, ts: int) -> Wire:
    return "views", {"user_id": who, "item_id": item, "ts": ts}


def _buy(who: str, item: str, ts: int) -> Wire:
    return "purchases", {"user_id": who, "item_id": item, "ts": ts, "price": 2.0, "currency": "GBP"}


def _one_views(world: World, target: str, number: int) -> Iterator[Wire]:
    yield _view("false", target, world.at - HOUR_MS + number * 30)


def _one_buys(world: World, target: str, number: int) -> Iterator[Wire]:
    yield _buy("false", target, world.at - HOUR_MS + number * 300)


def _cycle(world: World, target: str, number: int) -> Iterator[Wire]:
    """Looks at so many other things in between that the account's row forgets the target."""
    at = world.at - DAY_MS + number * 30_000
    yield _view("false", target, at)
    for other in range(65):
        yield _view("false", world.items[(67 * number + other) % len(world.items)].item_id, at + 400 * (other + 1))


def _views(world: World, target: str, number: int) -> Iterator[Wire]:
    for moment in range(10):
        yield _view(f"false-{number}", target, world.at - HOUR_MS + number % 3000 * 1000 + moment)


def _buyers(world: World, target: str, number: int) -> Iterator[Wire]:
    yield _buy(f"false-{number}", target, world.at - HOUR_MS + number % 3000 * 1000)


def _copied(world: World, target: str, number: int, days: int = 0) -> Iterator[Wire]:
    who, basket = f"false-{number}", world.baskets[number % len(world.baskets)]
    for place, item in enumerate(basket):
        yield _buy(who, item, world.at - HOUR_MS - place * days * DAY_MS // len(basket) + number % 3000 * 1000)
    yield _buy(who, target, world.at - HOUR_MS + 1 + number % 3000 * 1000)


def _prepared(world: World, target: str, number: int) -> Iterator[Wire]:
    """The same over a week, oldest first."""
    *history, last = _copied(world, target, number, days=7)
    yield from sorted(history, key=lambda wire: wire[1]["ts"])
    yield last


ATTACKS = (
    Attack("one account looks again and again", 5_000, "views", _one_views),
    Attack("one account looks, and at 65 other things in between", 300, "views", _cycle),
    Attack("one account buys again and again", 1_000, "purchases", _one_buys),
    Attack("new accounts look ten times each", 5_000, "accounts", _views),
    Attack("new accounts buy once each", 5_000, "accounts", _buyers),
    Attack("new accounts copy the last purchases of customers, then buy", 2_000, "accounts", _copied),
    Attack("the same, over a week", 2_000, "accounts", _prepared),
)
SAID = {1: (1_000, 5_000), 0: (50, 500)}


def sizes(most: int) -> list[int]:
    """1, 2, … in steps that grow with the number."""
    found = [1]
    while found[-1] < most:
        found.append(min(most, max(found[-1] + 1, round(found[-1] * STEP))))
    return found


def needed(world: World, attack: Attack, target: str, most: int) -> tuple[int | None, float, float | None]:
    """How large the attack has to be (None: larger than the most), and the share of viewers and the mean place it had at last."""
    side, done, found = world.side(), 0, list[int]()
    for size in sizes(most):
        for number in range(done, size):
            for topic, fields in attack.events(world, target, number):
                side.send(topic, fields["user_id"], msgspec.json.encode(fields), fields["ts"])
        done = size
        side.tell()
        found = side.ranks(world.viewers, world.at, target)
        if len(found) >= GOAL * len(world.viewers):
            return size, len(found) / len(world.viewers), float(np.mean(found))
    return None, len(found) / len(world.viewers), float(np.mean(found)) if found else None


def main() -> int:
    """Print a table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SAMPLE)
    parser.add_argument("--at", default="2011-10-01", help="day (UTC) at whose midnight the lists are made")
    parser.add_argument("--targets", type=int, default=7)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="two targets, and attacks up to a tenth as large")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="results file")
    arguments = parser.parse_args()
    at = int(datetime.fromisoformat(arguments.at).replace(tzinfo=UTC).timestamp() * 1000)
    world = World.of(arguments.data, at, arguments.viewers)
    targets = world.cold(2 if arguments.quick else arguments.targets)
    report: dict[str, Any] = {"machine": machine(), "data": arguments.data.name, "at": arguments.at, "viewers": len(world.viewers)}
    report |= {"targets": targets, "goal": f"top {PLACES} of {GOAL:.0%} of the viewers", "attacks": []}
    for attack in ATTACKS:
        most = attack.most // 10 if arguments.quick else attack.most
        found = [needed(world, attack, target, most) for target in targets]
        middle = median(size if size is not None else np.inf for size, _, _ in found)
        one = {"attack": attack.name, "unit": attack.unit, "tried": most, "needed": [size for size, _, _ in found]}
        one |= {"median": None if np.isinf(middle) else middle, "share_at_the_end": [round(share, 3) for _, share, _ in found]}
        report["attacks"].append(one)
        if not arguments.json:
            words = f"more than {most:,}" if np.isinf(middle) else f"{middle:,.0f}"
            print(f"{attack.name:<62} {words} {attack.unit}  {one['needed']}", flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    if arguments.json:
        print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
