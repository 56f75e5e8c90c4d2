"""A made-up live shop with real items: rooms with hosts who talk, and viewers with a taste who look at items and write."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from random import Random

from streamrec.events.types import Item
from streamrec.simulator import danmaku
from streamrec.simulator.messages import CHANNEL, SIMULATED, Message, message
from streamrec.simulator.playback import Lang
from streamrec.simulator.rooms import Room
from streamrec.simulator.utterances import Language, language_of, words

SHELF = 24
TASTES = 2
CHINESE_SHARE = 0.5

# Chances of what happens next. None is measured: they make a page on which something of every kind is seen within a minute, and viewers
# whose taste can be found out. At the demo's rate and with its rooms a host says something every four seconds.
SPEAKS = 0.12
VISIT_CHANGE = 0.05
ABROAD = 0.1
"""Chance that a viewer goes to any room, whatever is spoken there."""
WRITES = 0.35
POINTS_AT_ITEM = 0.05
TELLS_LANGUAGE = 0.5
FOLLOWS_TASTE = 0.6
FOLLOWS_HOST = 0.2
BUYS = 0.1
SPAMS = 0.03
"""Of the comments."""
WAVES = 0.006
HANDS = 0.6
"""Chance that viewers write that they want an item when the host asks them to."""
WAVE = (8, 20)
"""Comments of a wave."""
RIDES = 0.6
"""Chance that the next comment is one of a wave, while there is one."""
WAVES_OF = {"want": 3, "praise": 2, "hype": 3, "spam": 2}

NO_THEME = "everything"
# A theme fills a shelf with different items, and then has some to change.
_THEME_TITLES = 30
_THEMES = 24


class Viewer:
    """A viewer: the themes that they like, the language that they write in, and the room that they are in."""

    def __init__(self, number: int, tastes: Sequence[str], language: Language, room: Room) -> None:
        self.user_id, self.tastes, self.language, self.room = f"viewer-{number}", tastes, language, room


class Shop:
    """The whole shop. The same items, numbers and seed give the same messages, apart from their times."""

    def __init__(self, items: Sequence[Item], *, rooms: int = 6, viewers: int = 200, seed: int = 0, lang: Lang = "both") -> None:
        """`lang` is what viewers write in; hosts speak the language of what they sell."""
        # One source of chance for all of it, so that a seed gives the same shop.
        self.dice = dice = Random(seed)
        self.items = items
        self.by_theme: dict[str, list[Item]] = {}
        by_language: dict[Language, list[Item]] = {"en": [], "zh": []}
        for item in items:
            by_language[language_of(item)].append(item)
        themes: dict[Language, list[str]] = {}
        for language, sold in by_language.items():
            if sold:
                found = _themes(language, sold) or {NO_THEME: sold}
                self.by_theme |= found
                themes[language] = list(found)
                dice.shuffle(themes[language])
        self._sold = by_language
        self._sets = {theme: {item.item_id for item in sold} for theme, sold in self.by_theme.items()}
        self.rooms = [self._room(number, themes) for number in range(rooms)]
        self.viewers = [self._viewer(number, themes, lang) for number in range(1, viewers + 1)]
        self._tastes = {viewer.user_id: viewer.tastes for viewer in self.viewers}
        self._waves: deque[tuple[str, Room, danmaku.Written]] = deque()
        self._guests = 0
        # What real people buy is played; nobody but made-up viewers buys what is made up.
        self._made_up = {item.item_id for item in by_language["zh"]} if by_language["en"] else set()

    def opening(self, now_ms: int) -> list[Message]:
        """The messages that open the rooms."""
        return [room.message(now_ms) for room in self.rooms]

    def likes(self, user_id: str, item_id: str) -> bool:
        """Whether the item is to the viewer's taste; users who are no viewers of this shop have none."""
        return any(item_id in self._sets[taste] for taste in self._tastes.get(user_id, ()))

    def moment(self, now_ms: int, *, buying: bool) -> Message:
        """What happens next: mostly a view or a comment, often a host's words, and purchases of real items only when `buying`."""
        dice = self.dice
        if dice.random() < SPEAKS:
            return self._speak(now_ms)
        if self._waves and dice.random() < RIDES:
            return self._comment(*self._waves.popleft(), now_ms)
        viewer = dice.choice(self.viewers)
        if dice.random() < VISIT_CHANGE:
            viewer.room = self._room_for(viewer.tastes, viewer.language)
        if dice.random() < WAVES:
            self._rise(dice.choice(self.rooms), dice.choices(list(WAVES_OF), list(WAVES_OF.values()))[0])
        if dice.random() < WRITES:
            return self._write(viewer, now_ms)
        return self._look(viewer, now_ms, buying=buying)

    def _speak(self, now_ms: int) -> Message:
        room = self.dice.choice(self.rooms)
        # Of the room's theme, which would otherwise wash out within an evening.
        said, hands = room.speak(self.dice, self.by_theme[room.theme], now_ms)
        if hands and self.dice.random() < HANDS:
            self._rise(room, "hands")
        return said

    def _look(self, viewer: Viewer, now_ms: int, *, buying: bool) -> Message:
        item, dice = self._choose(viewer), self.dice
        seen = {"user_id": viewer.user_id, "item_id": item.item_id, "room_id": viewer.room.room_id, "ts": now_ms, "channel": CHANNEL}
        if (buying or item.item_id in self._made_up) and dice.random() < BUYS:
            return message("purchases", {**seen, "price": item.price, "currency": item.currency}, SIMULATED)
        return message("views", {**seen, "dwell_ms": round(dice.lognormvariate(8, 1))}, SIMULATED)

    def _write(self, viewer: Viewer, now_ms: int) -> Message:
        room = viewer.room
        if self.dice.random() < SPAMS:
            return self._comment(self._guest(), room, danmaku.spam(self.dice, room.language, room), now_ms)
        written = danmaku.write(self.dice, viewer.language, room, self._liked(viewer))
        return self._comment(viewer.user_id, room, written, now_ms, viewer.language)

    def _comment(self, user_id: str, room: Room, written: danmaku.Written, now_ms: int, language: Language | None = None) -> Message:
        fields = {"user_id": user_id, "room_id": room.room_id, "ts": now_ms, "text": written.text}
        if language and self.dice.random() < TELLS_LANGUAGE:
            fields["lang"] = language
        if len(written.truth.items) == 1 and self.dice.random() < POINTS_AT_ITEM:
            fields["item_id"] = written.truth.items[0]
        return message("danmaku", fields, SIMULATED, written.truth)

    def _rise(self, room: Room, of: str) -> None:
        """Have many write much the same: viewers, or accounts that nobody has seen before."""
        for _ in range(self.dice.randint(*WAVE)):
            who = self._guest() if of == "spam" else self.dice.choice(self.viewers).user_id
            self._waves.append((who, room, danmaku.wave(self.dice, room.language, room, of)))

    def _guest(self) -> str:
        self._guests += 1
        return f"guest-{self._guests}"

    def _liked(self, viewer: Viewer) -> list[Item]:
        return [item for item in viewer.room.shelf if any(item.item_id in self._sets[taste] for taste in viewer.tastes)]

    def _choose(self, viewer: Viewer) -> Item:
        room, chance = viewer.room, self.dice.random()
        if chance < FOLLOWS_TASTE and (liked := self._liked(viewer)):
            return self.dice.choice(liked)
        return room.on_air if chance > 1 - FOLLOWS_HOST else self.dice.choice(room.shelf)

    def _room(self, number: int, themes: Mapping[Language, Sequence[str]]) -> Room:
        languages = list(themes)
        language = languages[number % len(languages)]
        of_language = number // len(languages)
        theme = themes[language][of_language % len(themes[language])]
        # A third of a shelf is off its theme, so that viewers' taste shows beside the room's.
        themed = self.dice.sample(self.by_theme[theme], min(SHELF * 2 // 3, len(self.by_theme[theme])))
        sold = self._sold[language]
        others = [item for item in self.dice.sample(sold, min(SHELF, len(sold))) if item not in themed]
        shelf = (themed + others)[:SHELF]
        self.dice.shuffle(shelf)
        # Of each language every other room tells what is on air; with two languages as many of the one as of the other.
        return Room(number + 1, theme, language, shelf, tells=(of_language + number % len(languages)) % 2 == 0)

    def _viewer(self, number: int, themes: Mapping[Language, Sequence[str]], lang: Lang) -> Viewer:
        chinese = lang == "zh" or (lang == "both" and self.dice.random() < CHINESE_SHARE)
        language: Language = "zh" if chinese else "en"
        liked = themes.get(language) or [theme for of_language in themes.values() for theme in of_language]
        tastes = self.dice.sample(liked, min(TASTES, len(liked)))
        return Viewer(number, tastes, language, self._room_for(tastes, language))

    def _room_for(self, tastes: Sequence[str], language: Language) -> Room:
        if self.dice.random() < ABROAD:
            return self.dice.choice(self.rooms)
        themed = [room for room in self.rooms if room.theme in tastes]
        return self.dice.choice(themed or [room for room in self.rooms if room.language == language] or self.rooms)


def _themes(language: Language, items: Sequence[Item]) -> dict[str, list[Item]]:
    """Departments and their items; where no kind has one, the most frequent long words of the titles, and the items with each."""
    kinds, departments = words(language).kinds, dict[str, list[Item]]()
    for item in items:
        kind = words(language).kind_of(item)
        if kind and kinds[kind].department:
            departments.setdefault(kinds[kind].department, []).append(item)
    if departments:
        return departments
    of_titles = [{word for word in item.title.lower().split() if word.isalpha() and len(word) > 3} for item in items]
    counts = Counter(word for of_title in of_titles for word in sorted(of_title)).most_common(_THEMES)
    frequent = [word for word, count in counts if count >= _THEME_TITLES] or [word for word, _ in counts]
    return {word: [item for item, of_title in zip(items, of_titles, strict=True) if word in of_title] for word in frequent}
