"""Purchases as training examples: what a user had, and the new things that they bought next."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrec.errors import InputError
from streamrec.events.files import read_lines
from streamrec.state.user import INTEREST_HALF_LIFE
from streamrec.system.clock import DAY_MS

# The interest of a user fades in training as it does where it is served.
INTEREST_HALF_LIFE_DAYS = INTEREST_HALF_LIFE / DAY_MS
POPULARITY_HALF_LIFE_DAYS = 30.0
"""A month: shorter and a seasonal shop's slow items have no count, longer and last season's are still popular."""
TOUCHES = 50
"""What was touched before the last fifty things says little beside them, and every example keeps its own."""


class _Event(msgspec.Struct):
    user_id: str
    item_id: str
    ts: int
    order_id: str = ""
    action: str = "purchase"


class _Item(msgspec.Struct):
    item_id: str
    title: str
    created_ts: int = 0


@dataclass(slots=True)
class Example:
    """A moment of one user; items are positions in `Purchases.titles`.

    `recent` and `ages_days` run backwards from the moment; what was bought at one time stands in the order of ids.
    """

    day: int
    user: str
    recent: NDArray[np.int32]
    ages_days: NDArray[np.float32]
    owned: NDArray[np.int32]
    targets: NDArray[np.int32]


@dataclass(slots=True)
class Purchases:
    """The products sold before a time, their popularity day by day, and the examples made of baskets.

    `popularity` has shape (days, items): baskets with the item before that day, half-life 30 days. `first_day` is the day of an
    item's first sale; days count from the first event. `covisits` has shape (items, items): baskets with both items, on its diagonal
    the baskets with the item.
    """

    titles: list[str]
    first_day: NDArray[np.int32]
    popularity: NDArray[np.float32]
    covisits: NDArray[np.float32]
    examples: list[Example]

    def interest(self, examples: list[Example]) -> NDArray[np.float32]:
        """Weights of the recent items, shape (examples, items): 0.5^(age / 60 days), as the interest vector is served."""
        weights = np.zeros((len(examples), len(self.titles)), np.float32)
        for row, example in zip(weights, examples, strict=True):
            np.add.at(row, example.recent, 0.5 ** (example.ages_days / INTEREST_HALF_LIFE_DAYS))
        return weights

    def closed(self, examples: list[Example]) -> NDArray[np.bool_]:
        """Items that the user owns already or that were not sold yet, shape (examples, items)."""
        days = np.array([example.day for example in examples])
        closed = self.first_day[None, :] > days[:, None]
        for row, example in zip(closed, examples, strict=True):
            row[example.owned] = True
            row[example.targets] = False
        return closed

    def log_popularity(self, examples: list[Example]) -> NDArray[np.float32]:
        """log(1 + popularity) on the day of each example, shape (examples, items)."""
        return np.log1p(self.popularity[[example.day for example in examples]])


def read_purchases(folder: Path, start_ms: int | None, until_ms: int, split: bool, seed: int) -> Purchases:
    """Examples from `items.jsonl[.gz]` and `events.jsonl[.gz]` with `start_ms` ≤ ts < `until_ms`; earlier events are history only.

    Every basket of a user with a history is an example. With `split`, baskets of four and more also give one in the middle, where their
    first items are the most recent history.

    Raises:
        InputError: a file is not there or malformed.
    """
    events = [event for event in _read(folder, "events", _Event) if event.action == "purchase" and event.ts < until_ms]
    if not events:
        raise InputError(f"{folder} has no purchases before the day given; convert them with `streamrec dataset uci`")
    born = events[0].ts // DAY_MS
    items = [item for item in _read(folder, "items", _Item) if item.created_ts < until_ms]
    ids = [item.item_id for item in items]
    slot = {item_id: number for number, item_id in enumerate(ids)}
    orders: dict[tuple[str, str], list[_Event]] = defaultdict(list)
    for event in events:
        orders[event.user_id, event.order_id].append(event)
    baskets = [(lines[0].ts, user, list(dict.fromkeys(slot[line.item_id] for line in lines))) for (user, _), lines in orders.items()]
    days = int(events[-1].ts // DAY_MS - born) + 2
    counts = np.zeros((days, len(items)), np.float32)
    covisits = np.zeros((len(items), len(items)), np.float32)
    history: dict[str, list[tuple[int, int]]] = defaultdict(list)
    examples: list[Example] = []
    rng = np.random.default_rng(seed)
    for ts, user, basket in baskets:
        day = int(ts // DAY_MS - born)
        counts[day, basket] += 1
        covisits[np.ix_(basket, basket)] += 1
        past = history[user]
        if start_ms is None or ts >= start_ms:
            if past:
                examples += _example(day, user, ts, past, basket, ids)
            if split and len(basket) >= 4:
                cut = int(rng.integers(1, len(basket) - 1))
                examples += _example(day, user, ts, past + [(ts, item) for item in basket[:cut]], basket[cut:], ids)
        past += [(ts, item) for item in basket]
    first_day = np.array([item.created_ts // DAY_MS - born for item in items], np.int32)
    return Purchases([item.title for item in items], first_day, _decay(counts), covisits, examples)


def read_titles(folder: Path, until_ms: int) -> list[str]:
    """The titles of the items that were first sold before `until_ms`; raises `InputError` like `read_purchases`."""
    return [item.title for item in _read(folder, "items", _Item) if item.created_ts < until_ms]


def _example(day: int, user: str, ts: int, past: list[tuple[int, int]], basket: list[int], ids: list[str]) -> list[Example]:
    owned = {item for _, item in past}
    targets = [item for item in basket if item not in owned]
    if not targets:
        return []
    # What was bought in one moment stands in the order of ids, as the ranking reads it from a user's row.
    touched = sorted(past[-TOUCHES:], key=lambda touch: (-touch[0], ids[touch[1]]))
    return [
        Example(
            day,
            user,
            np.array([item for _, item in touched], np.int32),
            np.array([(ts - then) / DAY_MS for then, _ in touched], np.float32),
            np.array(sorted(owned), np.int32),
            np.array(targets, np.int32),
        )
    ]


def _decay(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    before = np.zeros_like(counts)
    keep = 0.5 ** (1 / POPULARITY_HALF_LIFE_DAYS)
    for day in range(1, len(counts)):
        before[day] = keep * before[day - 1] + counts[day - 1]
    return before


def _read(folder: Path, name: str, kind: type[Any]) -> list[Any]:
    path = next((file for file in (folder / f"{name}.jsonl", folder / f"{name}.jsonl.gz") if file.is_file()), None)
    if path is None:
        raise InputError(f"{folder} has no {name}.jsonl or {name}.jsonl.gz; make them with `streamrec dataset uci`")
    decode = msgspec.json.Decoder(kind).decode
    try:
        return [decode(line) for _, line in read_lines(path)]
    except msgspec.MsgspecError as exc:
        raise InputError(f"{path} is malformed: {exc}; make it anew with `streamrec dataset uci`") from exc
