"""A room that is watched: its moment and its comments, and a worker that knows no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

import msgspec

from streamrec.contract.idle import Idle
from streamrec.contract.pieces import Names
from streamrec.contract.processor import Outcome
from streamrec.contract.records import Outbound
from streamrec.events.speech import Burst, Insight, Mention, Question, RoomMoment
from streamrec.observe.audience import Audience
from streamrec.observe.metrics import Metrics
from streamrec.settings import Settings
from streamrec.system.clock import now_ms
from streamrec.system.core import Core
from streamrec.web.feed import Feed

NOW_MS = 1_764_374_400_000
TITLES = {"mug": "Blue <mug>", "bowl": "Red bowl", "sign": "Metal sign"}
PRIVATE = "call me at 5550199"
MOMENT = RoomMoment(
    room_id="r1",
    ts=NOW_MS,
    on_air="mug",
    since=NOW_MS - 12_000,
    confidence=0.93,
    by="speech",
    shown=["bowl"],
    comments=42.0,
    viewers=7,
    mood={"positive": 20.0, "neutral": 18.0, "negative": 4.0},
    wanted=[("sign", 3.5)],
    questions=[
        Question(text="how much <b>", intent="ask_price", asked=3, ts=NOW_MS, item_id="mug", answer="4.25 GBP", source="host"),
        Question(text=PRIVATE, intent="ask_size", asked=1, ts=NOW_MS, item_id="bowl"),
    ],
    bursts=[Burst(text="111", comments=14, users=11, ts=NOW_MS)],
    speech="okay link one the blue one",
    said={"mug": ["oven safe"]},
)


def insight(user_id: str, room_id: str = "r1", offset: int = 0, text: str = PRIVATE) -> Insight:
    return Insight(
        room_id=room_id,
        user_id=user_id,
        ts=NOW_MS,
        event_id="e",
        source=("danmaku", 0, offset),
        text=text,
        lang="en",
        intents=["ask_price", "want"],
        sentiment="positive",
        items=[Mention(item_id="mug", weight=1.0, ref="deictic")],
        unwanted=["bowl"],
    )


class Known(Idle):
    """Knows one room, where the mug is on air since twelve seconds before it was made."""

    def __init__(self) -> None:
        self._moment = msgspec.structs.replace(MOMENT, since=now_ms() - 12_000)

    def names(self, items: Collection[str], rooms: Collection[str]) -> Names:
        return {item: TITLES[item] for item in items if item in TITLES}, {"r1": "Tea time"} if "r1" in rooms else {}

    def moment(self, room_id: str) -> RoomMoment | None:
        return self._moment if room_id == "r1" else None


class RoomWorker:
    """What the page is served from, with insights made here."""

    def __init__(self, **settings: Any) -> None:
        self.settings = Settings(prefix="shop.", **settings)
        self.audience, self.core = Audience(), Core()
        outlook = lambda: {"not_ready": [], "lag": {}, "queue": 0, "ts": NOW_MS, "reading": {}, "model": {}}  # noqa: E731
        self.feed = Feed(self.settings, Known(), self.core, self.audience, Metrics("shop."), outlook)

    def read(self, *insights: Insight) -> None:
        """A batch of comments."""
        made = [Outbound("shop.danmaku-insights", one.room_id.encode(), msgspec.json.encode(one)) for one in insights]
        self.audience.see(Outcome(records=made, counts=Counter()), [])
