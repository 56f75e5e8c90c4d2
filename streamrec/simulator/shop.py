"""A made-up live shop with real items: rooms with hosts and shelves, and viewers with a taste who look at items and write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

from streamrec.events.types import Item
from streamrec.simulator import danmaku
from streamrec.simulator.messages import CHANNEL, SIMULATED, Message, message

HOSTS = ("Mei", "Anna", "小雨", "Oliver", "阿杰", "Grace", "Tom", "晓琳", "Ella", "老王", "Sophie", "小北")
SHELF = 24
TASTES = 2
CHINESE_SHARE = 0.5

# Chances of what happens next. None is measured: they make a page on which something of every kind is seen within a minute, and viewers
# whose taste can be found out.
ROOM_CHANGE = 0.03
VISIT_CHANGE = 0.05
WRITES = 0.35
NAMES_AN_ITEM = 0.8
POINTS_AT_ITEM = 0.15
FOLLOWS_TASTE = 0.6
FOLLOWS_HOST = 0.2
BUYS = 0.1

NO_THEME = "everything"
# A theme fills a shelf with different items, and then has some to change.
_THEME_TITLES = 30
_THEMES = 24


class Room:
    """A live room with a theme and a shelf, whose first item is number 1."""

    def __init__(self, number: int, theme: str, host: str, shelf: list[Item]) -> None:
        self.room_id, self.theme, self.host, self.shelf = f"room-{number}", theme, host, shelf
        self.title = f"{theme.title()} with {host}"
        self.on_air = shelf[0]

    def message(self, now_ms: int) -> Message:
        """The message that tells the room's present state."""
        fields = {
            "room_id": self.room_id,
            "host_id": f"host-{self.host}",
            "title": self.title,
            "status": "live",
            "shelf": [item.item_id for item in self.shelf],
            "on_air": self.on_air.item_id,
            "ts": now_ms,
        }
        return message("rooms", fields, SIMULATED)


class Viewer:
    """A viewer: the words that they like in titles, the language that they write in, and the room that they are in."""

    def __init__(self, number: int, tastes: Sequence[str], language: danmaku.Language, room: Room) -> None:
        self.user_id, self.tastes, self.language, self.room = f"viewer-{number}", tastes, language, room


class Shop:
    """The whole shop. The same items, numbers and seed give the same messages, apart from their times."""

    def __init__(self, items: Sequence[Item], *, rooms: int = 6, viewers: int = 200, seed: int = 0) -> None:
        # One source of chance for all of it, so that a seed gives the same shop.
        self.dice = dice = Random(seed)
        self.by_theme = _themes(items) or {NO_THEME: list(items)}
        self.items = items
        themes = list(self.by_theme)
        dice.shuffle(themes)
        self.rooms = [self._room(number, themes[(number - 1) % len(themes)]) for number in range(1, rooms + 1)]
        self.viewers = [self._viewer(number, themes) for number in range(1, viewers + 1)]
        self._tastes = {viewer.user_id: viewer.tastes for viewer in self.viewers}
        self._titles = {item.item_id: item.title.lower() for item in items}

    def opening(self, now_ms: int) -> list[Message]:
        """The messages that open the rooms."""
        return [room.message(now_ms) for room in self.rooms]

    def likes(self, user_id: str, item_id: str) -> bool:
        """Whether the item is to the viewer's taste; users who are no viewers of this shop have none."""
        return any(taste in self._titles.get(item_id, "") for taste in self._tastes.get(user_id, ()))

    def moment(self, now_ms: int, *, buying: bool) -> Message:
        """What happens next: mostly a view or a comment, sometimes a change of a room, and purchases only when `buying`."""
        dice = self.dice
        if dice.random() < ROOM_CHANGE:
            return self._change_room(now_ms)
        viewer = dice.choice(self.viewers)
        if dice.random() < VISIT_CHANGE:
            viewer.room = self._room_for(viewer.tastes)
        if dice.random() < WRITES:
            return self._write(viewer, now_ms)
        return self._look(viewer, now_ms, buying=buying)

    def _look(self, viewer: Viewer, now_ms: int, *, buying: bool) -> Message:
        item, dice = self._choose(viewer), self.dice
        seen = {"user_id": viewer.user_id, "item_id": item.item_id, "room_id": viewer.room.room_id, "ts": now_ms, "channel": CHANNEL}
        if buying and dice.random() < BUYS:
            return message("purchases", {**seen, "price": item.price, "currency": item.currency}, SIMULATED)
        return message("views", {**seen, "dwell_ms": round(dice.lognormvariate(8, 1))}, SIMULATED)

    def _write(self, viewer: Viewer, now_ms: int) -> Message:
        item, dice, room = self._choose(viewer), self.dice, viewer.room
        names_it = dice.random() < NAMES_AN_ITEM
        if names_it:
            text = danmaku.about(dice, viewer.language, item.title, room.shelf.index(item) + 1)
        else:
            text = danmaku.chatter(dice, viewer.language)
        fields = {"user_id": viewer.user_id, "room_id": room.room_id, "ts": now_ms, "text": text, "lang": viewer.language}
        if names_it and dice.random() < POINTS_AT_ITEM:
            fields["item_id"] = item.item_id
        return message("danmaku", fields, SIMULATED)

    def _choose(self, viewer: Viewer) -> Item:
        room, chance = viewer.room, self.dice.random()
        if chance < FOLLOWS_TASTE:
            liked = [item for item in room.shelf if any(taste in item.title.lower() for taste in viewer.tastes)]
            if liked:
                return self.dice.choice(liked)
        return room.on_air if chance > 1 - FOLLOWS_HOST else self.dice.choice(room.shelf)

    def _change_room(self, now_ms: int) -> Message:
        room = self.dice.choice(self.rooms)
        # Of the room's theme, which would otherwise wash out within an evening.
        fresh = self.dice.choice(self.by_theme[room.theme])
        if fresh not in room.shelf:
            room.shelf[self.dice.randrange(len(room.shelf))] = fresh
        # Also without a new item: hosts move on.
        room.on_air = self.dice.choice(room.shelf)
        return room.message(now_ms)

    def _room(self, number: int, theme: str) -> Room:
        # A third of a shelf is off its theme, so that viewers' taste shows beside the room's.
        themed = self.dice.sample(self.by_theme[theme], min(SHELF * 2 // 3, len(self.by_theme[theme])))
        others = [item for item in self.dice.sample(self.items, min(SHELF, len(self.items))) if item not in themed]
        shelf = (themed + others)[:SHELF]
        self.dice.shuffle(shelf)
        return Room(number, theme, HOSTS[(number - 1) % len(HOSTS)], shelf)

    def _viewer(self, number: int, themes: Sequence[str]) -> Viewer:
        tastes = self.dice.sample(themes, min(TASTES, len(themes)))
        language: danmaku.Language = "zh" if self.dice.random() < CHINESE_SHARE else "en"
        return Viewer(number, tastes, language, self._room_for(tastes))

    def _room_for(self, tastes: Sequence[str]) -> Room:
        themed = [room for room in self.rooms if room.theme in tastes]
        return self.dice.choice(themed or self.rooms)


def _themes(items: Sequence[Item]) -> dict[str, list[Item]]:
    """The most frequent long words of the titles, and the items with each."""
    words = [{word for word in item.title.lower().split() if word.isalpha() and len(word) > 3} for item in items]
    counts = Counter(word for of_title in words for word in sorted(of_title)).most_common(_THEMES)
    frequent = [word for word, count in counts if count >= _THEME_TITLES] or [word for word, _ in counts]
    return {word: [item for item, of_title in zip(items, words, strict=True) if word in of_title] for word in frequent}
