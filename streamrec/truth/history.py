"""What happened, as it was sent: events by user and by item, items and rooms as they were at a time. Nothing decays here."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from streamrec.events.types import Danmaku, Feedback, Item, Purchase, Room, RowEvent, Rule, View
from streamrec.understanding.words import words

T = TypeVar("T")
ROOM_MS = 10_000
"""How long a worker may take to hear of a change in a room."""
LOOKS = frozenset({"click", "cart"})


class Act(NamedTuple):
    """Something that a user did with an item."""

    ts: int
    kind: str
    """purchase, refund, view, or an action of feedback."""
    user_id: str
    item_id: str
    price: float = 0.0
    country: str = ""


class Timeline(Generic[T]):
    """Values with times; those that were known at a time."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, int, T]] = []
        self._sorted = True

    def add(self, ts: int, value: T) -> None:
        """Note a value of that time; of equal times the last noted is the newest."""
        self._entries.append((ts, len(self._entries), value))
        self._sorted = False

    def between(self, begin: int, end: int) -> list[T]:
        """The values of the times from `begin` to `end`, both included, oldest first."""
        return [value for _, _, value in self._entries[self._at(begin - 1) : self._at(end)]]

    def until(self, end: int) -> list[T]:
        """All values up to `end`."""
        return [value for _, _, value in self._entries[: self._at(end)]]

    def _at(self, ts: int) -> int:
        if not self._sorted:
            self._entries.sort(key=lambda entry: entry[:2])
            self._sorted = True
        return bisect_right(self._entries, ts, key=lambda entry: entry[0])


class History:
    """Events, items, rooms and rules, told one by one."""

    def __init__(self) -> None:
        self.by_user: dict[str, Timeline[Act]] = defaultdict(Timeline)
        self.by_item: dict[str, Timeline[Act]] = defaultdict(Timeline)
        self.said: dict[str, Timeline[Danmaku]] = defaultdict(Timeline)
        self.items: dict[str, Timeline[Item]] = defaultdict(Timeline)
        self.rooms: dict[str, Timeline[Room]] = defaultdict(Timeline)
        self.rules: dict[str, Timeline[Rule]] = defaultdict(Timeline)
        self.gaps: list[str] = []
        """What is not known, in words: topics whose oldest records are gone, kinds of which nothing was told."""
        self.begun: int | None = None
        """Time of the oldest event."""
        self._repeats: set[tuple[str, str]] = set()
        self._titled: dict[str, set[str]] = defaultdict(set)
        """By a word: the items with it in title, brand or category."""

    def put_item(self, item: Item, ts: int) -> None:
        """An item as it is from `ts` on."""
        self.items[item.item_id].add(ts, item)
        for word in words(f"{item.title} {item.brand or ''} {item.category or ''}"):
            self._titled[word].add(item.item_id)

    def named(self, said: Danmaku) -> set[str]:
        """All items that a comment may have meant: by id, by a word of title, brand or category, or anything on the shelf of its room.

        "This one", a kind, a colour or a number may be any of these; which, only a reading of the comment tells.
        """
        found = set[str]().union(*(self._titled.get(word, ()) for word in words(said.text)))
        for room in self.room(said.room_id, int(said.ts) - ROOM_MS, int(said.ts) + ROOM_MS):
            found.update(room.shelf, {room.on_air} if room.on_air else ())
        return found | ({said.item_id} if said.item_id else set())

    def put_items(self, items: Iterable[Item], ts: int = 0) -> None:
        """Items as they are from `ts` on."""
        for item in items:
            self.put_item(item, ts)

    def put(self, event: RowEvent) -> None:
        """An event of a user. One whose id the user has sent before is passed over."""
        if event.event_id is not None:
            if (event.user_id, event.event_id) in self._repeats:
                return
            self._repeats.add((event.user_id, event.event_id))
        ts = int(event.ts)
        self.begun = ts if self.begun is None else min(self.begun, ts)
        match event:
            case Danmaku():
                self.said[event.user_id].add(ts, event)
                return
            case View():
                act = Act(ts, "view", event.user_id, event.item_id)
            case Purchase():
                act = Act(ts, event.action, event.user_id, event.item_id, event.price, event.country or "")
            case Feedback(action="purchase"):
                return  # the purchase itself comes on its own topic
            case Feedback():
                act = Act(ts, event.action, event.user_id, event.item_id)
        self.by_user[act.user_id].add(ts, act)
        self.by_item[act.item_id].add(ts, act)

    def item(self, item_id: str, ts: int) -> Item | None:
        """The item as it was at a time."""
        known = self.items[item_id].until(ts)
        return known[-1] if known else None

    def room(self, room_id: str, begin: int, end: int) -> Iterator[Room]:
        """The states of a room that held at some time between `begin` and `end`."""
        before = self.rooms[room_id].until(begin)
        yield from before[-1:]
        yield from self.rooms[room_id].between(begin + 1, end)


def bought(act: Act) -> bool:
    """Whether it is a purchase."""
    return act.kind == "purchase"


def looked(act: Act) -> bool:
    """Whether it is a look at the item."""
    return act.kind == "view" or act.kind in LOOKS
