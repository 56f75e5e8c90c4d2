"""The events of a trial: a seeded mixture of good, repeated, late, early, poisoned and cursed ones, each labelled with what it is.

The label travels in a header, so that the truth can be read from the topics themselves, without the code that is on trial.
"""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

LABEL = "truth"
"""The header that says what an event is."""

GOOD, REPEAT, POISON, CURSED, GONE = "good", "repeat", "poison", "cursed", "gone"

USERS, ODD_USERS, GONE_USERS = 270, 24, 6
ITEMS, NAMED_ITEMS = 50, 12
GHOST = "ghost"
"""The item that only users who are erased look at: whether their signals count depends on when the erasure is read."""

CURSE_BEFORE, CURSE_AFTER = "curse-before", "curse-after"
"""Event ids that begin so make the handler raise, before or after it has changed the row (`hooks`)."""

HOUR_MS = 3_600_000
REPEAT_AMONG = 200


class Event(NamedTuple):
    """One record to produce; `topic` is without the prefix."""

    topic: str
    key: bytes | None
    value: bytes
    label: bytes


@dataclass
class Mixture:
    """An endless stream of events; the same seed and time give the same one. `cursed` adds events that make the handler raise."""

    seed: int
    ts: int
    cursed: bool = False
    _random: random.Random = field(init=False)
    _recent: deque[Event] = field(init=False)
    _made: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._recent = deque(maxlen=REPEAT_AMONG)

    def __iter__(self) -> Iterator[Event]:
        while True:
            self._made += 1
            yield self._next()

    def _next(self) -> Event:
        dice = self._random.random()
        if dice < 0.02:
            return self._poison()
        if dice < 0.05 and self._recent:
            return self._random.choice(self._recent)._replace(label=REPEAT.encode())
        if dice < 0.06:
            return self._of_a_gone_user()
        if dice < 0.08 and self.cursed:
            return self._cursed()
        if dice < 0.16:
            return self._with_an_odd_clock()
        event = self._good(f"user-{self._random.randrange(USERS)}", self.ts)
        if b"event_id" in event.value:
            self._recent.append(event)
        return event

    def _good(self, user: str, ts: int) -> Event:
        dice, item = self._random.random(), f"item-{self._random.randrange(ITEMS)}"
        # Most have no event id: it would let the user's row hide that the engine applied an event again.
        named = {"event_id": f"e{self._made}"} if self._random.random() < 0.3 else {}
        if dice < 0.5:
            return _event(GOOD, "views", user, ts, item_id=item, **named)
        if dice < 0.85:
            return _event(GOOD, "purchases", user, ts, item_id=item, price=3.5, currency="GBP", **named)
        if dice < 0.93:
            item = f"item-{self._random.randrange(NAMED_ITEMS)}"
            return _event(GOOD, "danmaku", user, ts, room_id="room", text="mmm", item_id=item, **named)
        return _event(GOOD, "danmaku", user, ts, room_id="room", text="zzz", event_id=f"e{self._made}")

    def _with_an_odd_clock(self) -> Event:
        """Late by up to 400 days, or early by up to 20 hours."""
        late = self._random.random() < 0.7
        shift = -self._random.randrange(1, 400 * 24) if late else self._random.randrange(1, 20)
        return self._good(f"odd-{self._random.randrange(ODD_USERS)}", self.ts + shift * HOUR_MS)

    def _of_a_gone_user(self) -> Event:
        """Looks at the ghost, and an erasure that no event is younger than."""
        user = f"gone-{self._random.randrange(GONE_USERS)}"
        return erasure_of(user, self.ts) if self._random.random() < 0.3 else view_of(user, self.ts)

    def _cursed(self) -> Event:
        curse = self._random.choice((CURSE_BEFORE, CURSE_AFTER))
        user, item = f"user-{self._random.randrange(USERS)}", f"item-{self._random.randrange(ITEMS)}"
        return _event(f"{CURSED}:failed", "views", user, self.ts, item_id=item, event_id=f"{curse}-{self._made}")

    def _poison(self) -> Event:
        user = f"user-{self._random.randrange(USERS)}"
        topic = self._random.choice(("views", "purchases", "danmaku"))
        reason, key, value = self._random.choice(
            (
                ("malformed", user, b"\xff\xfe{"),
                ("malformed", user, b'{"user_id": "' + user.encode() + b'", "ts": '),
                ("invalid", user, json.dumps({"user_id": user, "ts": self.ts}).encode()),
                ("missing_key", None, _value(topic, user, self.ts)),
                ("misrouted", user + "-other", _value(topic, user, self.ts)),
                ("time", user, _value(topic, user, self.ts // 1000)),
            )
        )
        return Event(topic, key.encode() if key else None, value, f"{POISON}:{reason}".encode())


def view_of(user: str, ts: int) -> Event:
    """A look at the ghost by somebody who will be erased."""
    return _event(GONE, "views", user, ts, item_id=GHOST)


def erasure_of(user: str, ts: int) -> Event:
    """The erasure of somebody whose events are no younger than `ts`."""
    return _event(GONE, "erasures", user, ts + 1)


def catalogue(ts: int) -> list[Event]:
    """The items, and two records among them that are none."""
    made = [_item(f"item-{number}", ts) for number in range(ITEMS)]
    made.append(_item(GHOST, ts))
    made.append(Event("items", b"broken", b"{", f"{POISON}:malformed".encode()))
    made.append(Event("items", b"nameless", b'{"item_id": "nameless"}', f"{POISON}:invalid".encode()))
    return made


def _item(item_id: str, ts: int) -> Event:
    value = {"item_id": item_id, "title": f"thing {item_id}", "price": 1.0, "currency": "GBP", "created_ts": ts}
    return Event("items", item_id.encode(), json.dumps(value).encode(), GOOD.encode())


def _value(topic: str, user: str, ts: int) -> bytes:
    more: dict[str, Any] = (
        {"room_id": "room", "text": "mmm"} if topic == "danmaku" else {"item_id": "item-0", "price": 1, "currency": "GBP"}
    )
    return json.dumps({"user_id": user, "ts": ts, **more}).encode()


def _event(label: str, topic: str, user: str, ts: int, **more: Any) -> Event:
    return Event(topic, user.encode(), json.dumps({"user_id": user, "ts": ts, **more}).encode(), label.encode())
