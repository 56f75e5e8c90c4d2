"""Shops that are made up from a seed: people who buy, look, write and react, and the lists that a replay makes of it by odd weights."""

from __future__ import annotations

from random import Random

import msgspec

from streamrec.catalogue.catalogue import Catalogue
from streamrec.evaluation.replay import Line, Replay
from streamrec.events.codec import encode
from streamrec.events.fields import EventTime
from streamrec.events.types import Danmaku, Feedback, Item, Purchase, Recommendation, Room, UserEvent, View
from streamrec.ranking.features.schema import DECLARED
from streamrec.ranking.ranker import Ranker
from streamrec.state.item import Kind
from streamrec.truth.history import History
from tests.shop import DAY, NOW, WordModel, item, settings

TITLES = ("red mug", "Red Mug", "blue mug large", "garden hose", "iron rake", "搪瓷 杯子", "搪瓷 杯子 大号", "tea, 100 g")
PEOPLE = [f"u{number}" for number in range(16)]
TOPICS: dict[type, str] = {View: "views", Purchase: "purchases", Danmaku: "danmaku", Feedback: "feedback", Room: "rooms"}
LISTED_FROM = NOW - 10 * DAY


class MadeUp:
    """A shop, what happened in it, and the lists that were made of it."""

    def __init__(self, seed: int, count: int = 250) -> None:
        self.dice = dice = Random(seed)
        self.items = [self._item(number, title) for number, title in enumerate(TITLES)]
        self.ids = [made.item_id for made in self.items]
        spans = [dice.choice((0, 0, 1, 3, 30, 100)) for _ in range(count)]
        times = sorted(NOW - int(dice.uniform(0, days + 0.5) * DAY) for days in spans)
        events = [self._event(ts) for ts in times] + [self._room(NOW - 20 * DAY), self._room(NOW - 5 * DAY), self._room(NOW - DAY // 2)]
        self.lines = [Line(number, TOPICS[type(event)], event, encode(event)) for number, event in enumerate(sorted(events, key=_time))]

    def lists(self) -> list[Recommendation]:
        """Those of the last days, by weights of which any may be of the wrong sign."""
        dice, used = self.dice, settings(k=8, repeats=self.dice.choice(("allow", "exclude")), cross_pairs=4)
        goods = Catalogue(WordModel())
        goods.put_items(self.items)
        ranker = Ranker(goods, used)
        ranker.adjust({feature.name: dice.gauss(0.2, 1.0) for feature in DECLARED if feature.scope != "user"}, "odd")
        return list(Replay(used, goods, ranker, rank=dice.choice(("before", "after")), rank_from=LISTED_FROM).run(self.lines))

    def history(self) -> History:
        """What happened."""
        history = History()
        history.put_items(self.items)
        for line in self.lines:
            if isinstance(line.event, Room):
                history.rooms[line.event.room_id].add(int(line.event.ts), line.event)
            else:
                history.put(line.event)
        return history

    def _item(self, number: int, title: str) -> Item:
        dice = self.dice
        created = EventTime(NOW - int(dice.uniform(11, 120) * DAY)) if dice.random() < 0.7 else None
        brand, category = dice.choice((None, "acme", "zenith")), dice.choice((None, "garden", "kitchen"))
        if number < 2:  # the two whose texts are the same
            brand = category = None
        return item(f"i{number}", title, price=dice.choice((5.0, 9.0, 10.0, 40.0)), created_ts=created, brand=brand, category=category)

    def _event(self, ts: int) -> UserEvent:
        dice, when = self.dice, EventTime(ts)
        user_id, item_id = dice.choice(PEOPLE), self.ids[min(int(dice.expovariate(0.6)), len(self.ids) - 1)]
        room_id = dice.choice((None, "r0", "r1"))
        match dice.choices(("purchase", "refund", "view", "said", "reaction"), (60, 3, 20, 10, 10))[0]:
            case "purchase" | "refund" as action:
                price = self.items[self.ids.index(item_id)].price
                sold: dict[str, object] = {
                    "price": price,
                    "currency": "GBP",
                    "room_id": room_id,
                    "country": dice.choice(("GB", "GB", "FR")),
                }
                return msgspec.convert(
                    {"user_id": user_id, "item_id": item_id, "ts": ts, "action": action, **sold}, Purchase, dec_hook=_time_of
                )
            case "view":
                return View(user_id=user_id, item_id=item_id, ts=when, room_id=room_id)
            case "said":
                text = dice.choice((*TITLES, "number 2 please", "3号多少钱", "hello"))
                return Danmaku(user_id=user_id, room_id=room_id or "r0", ts=when, text=text)
        reaction: Kind = dice.choice(("impression", "click", "cart"))  # type: ignore[arg-type]
        return Feedback(user_id=user_id, list_id="l", item_id=item_id, action=reaction, ts=when)  # type: ignore[arg-type]

    def _room(self, ts: int) -> Room:
        shelf = self.dice.sample(self.ids, 4)
        name = self.dice.choice(("r0", "r1"))
        return Room(
            room_id=name, host_id=f"h-{name}", status="live", shelf=shelf, ts=EventTime(ts), on_air=self.dice.choice((None, *shelf))
        )


def _time(event: object) -> int:
    return int(event.ts)  # type: ignore[attr-defined]


def _time_of(kind: type, raw: object) -> EventTime:
    return EventTime(raw)  # type: ignore[call-overload, no-any-return]
