"""The wire types: what travels on the public topics, with its limits.

Fields are only ever added, and always with a default, so that an older producer stays valid. Unknown fields are ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from streamrec.events.declaration import BY_ARRIVAL, REPLACED_SOON, Declaration, catalogue_state, room_event, user_event, written
from streamrec.events.examples import Example
from streamrec.events.fields import Count, Currency, EventTime, Id, Label, Moment, Price, Quantity, Text, Title, Unit, Value
from streamrec.events.speech import Insight, Reply, RoomMoment, Transcript


# Events are made by the thousand and refer to nothing that refers back: the garbage collector need not know them.
class View(Struct, kw_only=True, gc=False):
    """A viewer looked at an item."""

    user_id: Id
    item_id: Id
    ts: EventTime
    event_id: Id | None = None
    room_id: Id | None = None
    dwell_ms: Annotated[int, Meta(ge=0, le=86_400_000)] | None = None
    channel: Label | None = None
    country: Label | None = None


class Purchase(Struct, kw_only=True, gc=False):
    """A viewer bought an item, or gave it back."""

    user_id: Id
    item_id: Id
    ts: EventTime
    price: Price
    currency: Currency
    event_id: Id | None = None
    room_id: Id | None = None
    quantity: Quantity = 1
    order_id: Id | None = None
    action: Literal["purchase", "refund"] = "purchase"
    channel: Label | None = None
    country: Label | None = None


class Danmaku(Struct, kw_only=True, gc=False):
    """A comment that a viewer wrote into a room."""

    user_id: Id
    room_id: Id
    ts: EventTime
    text: Text
    event_id: Id | None = None
    item_id: Id | None = None
    lang: Label | None = None


class Feedback(Struct, kw_only=True, gc=False):
    """What became of a recommended item."""

    user_id: Id
    list_id: Id
    item_id: Id
    action: Literal["impression", "click", "cart", "purchase", "hide", "complaint"]
    ts: EventTime
    event_id: Id | None = None
    position: Annotated[int, Meta(ge=0, le=10_000)] | None = None


class Erasure(Struct, kw_only=True, gc=False):
    """A person asks to be forgotten."""

    user_id: Id
    ts: EventTime
    reason: Label | None = None


class Item(Struct, kw_only=True):
    """Something for sale. Without `stock` the amount is not tracked; `available=False` takes it off sale."""

    item_id: Id
    title: Title
    price: Price
    currency: Currency
    description: Annotated[str, Meta(max_length=10_000)] | None = None
    category: Label | None = None
    brand: Label | None = None
    stock: Count | None = None
    attributes: Annotated[dict[Label, Value], Meta(max_length=100)] = field(default_factory=dict)
    lang: Label | None = None
    media_vectors: Annotated[dict[Label, Annotated[list[Unit], Meta(max_length=4096)]], Meta(max_length=16)] = field(default_factory=dict)
    created_ts: EventTime | None = None
    available: bool = True


class Room(Struct, kw_only=True):
    """A live room, its shelf in the order that the host numbers it (from 1), and the item on air."""

    room_id: Id
    host_id: Id
    status: Literal["live", "ended"]
    shelf: Annotated[list[Id], Meta(max_length=1000)]
    ts: EventTime
    title: Label | None = None
    on_air: Id | None = None


class Rule(Struct, kw_only=True):
    """What an operator wants of an item, a category (a brand where an item has none) or the items of a host.

    `pin` puts it (of several the best) on the place `position`, `boost` makes it `factor` times as likely, `bury` as many times less,
    `block` keeps it out of lists; from `starts_ts` until `expires_ts`, and with `room_id` only for viewers of that room.
    """

    rule_id: Id
    action: Literal["pin", "boost", "bury", "block"]
    target: Literal["item", "category", "host"]
    target_id: Label
    factor: Annotated[float, Meta(ge=1, le=1e6)] = 10.0
    position: Annotated[int, Meta(ge=1, le=1000)] = 1
    room_id: Id | None = None
    starts_ts: Moment | None = None
    expires_ts: Moment | None = None


Coordinates = tuple[Annotated[str, Meta(title="topic")], Annotated[int, Meta(title="partition")], Annotated[int, Meta(title="offset")]]


class Trigger(Struct, kw_only=True):
    """The event that a list answers: source coordinates, id, and event time in ms."""

    topic: str
    partition: int
    offset: int
    event_id: str
    ts: int


class RankedItem(Struct, kw_only=True, omit_defaults=True):
    """One place of a list. `scores` holds what each feature and each rule adds to the score, `sources` who proposed the item."""

    item_id: str
    rank: int
    score: float
    scores: dict[str, float]
    reasons: list[str]
    room_id: str | None = None
    sources: list[str] = field(default_factory=list)
    because: str | None = None
    """The item of the user's own that a reason names."""
    bought_7d: int | None = None
    """So many people at least bought it within a week, a round number."""
    asked_about: str | None = None
    """What the user asked about it, where a reason says that: "size", "quality", "delivery", "price", "stock" or "show"."""
    praised_for: str | None = None
    """What viewers praise about it, where a reason says that they do and they agree: one of these, or "service"."""
    propensity: float | None = None
    """The chance that it had to get an explored place, given the explored places before; without it the place was certain."""


class ModelRef(Struct, kw_only=True):
    """Which model scored a list, on what, and how closely it read: `vectors` of history and items, their `tokens`, or both as `pairs`."""

    name: str
    revision: str
    provider: str
    depth: Literal["none", "vectors", "tokens", "pairs"] = "none"
    pairs: int = 0
    """Items that the cross-encoder read for this list."""


class Recommendation(Struct, kw_only=True, omit_defaults=True):
    """A ranked list for one user, with everything needed to explain it."""

    list_id: str
    user_id: str
    trigger: Trigger
    generated_ts: int
    items: list[RankedItem]
    model: ModelRef
    weights_version: str
    seq: int
    covers: list[Coordinates]
    arm: str
    """Arm of an experiment; "default" without one."""
    room_id: str | None = None
    phases_ms: dict[str, float] = field(default_factory=dict)
    degraded: str | None = None


RowEvent = View | Purchase | Danmaku | Feedback
"""Events that change their user's row, and may have an event_id."""
UserEvent = RowEvent | Erasure

DECLARED: Final[dict[str, Declaration]] = {
    "views": user_event(View, "what viewers looked at", answered=True),
    "purchases": user_event(Purchase, "what they bought or gave back", answered=True, unless=frozenset({"refund"})),
    "danmaku": user_event(Danmaku, "what they wrote", answered=True),
    "feedback": user_event(Feedback, "what became of recommended items"),
    "erasures": user_event(Erasure, "who wants to be forgotten"),
    "items": catalogue_state(Item, "item_id", "what is for sale"),
    "rooms": catalogue_state(Room, "room_id", "live rooms and their shelves"),
    "rules": catalogue_state(Rule, "rule_id", "[pins, boosts, buries and blocks](producing-events.md#rules)"),
    "transcripts": room_event(Transcript, "what hosts say, [segment by segment](producing-events.md#what-hosts-say)"),
    "recommendations": written(Recommendation, "user_id", "ranked lists"),
    "danmaku-insights": written(Insight, "room_id", "[what comments mean](live-room.md#comments): intents, sentiment, items"),
    "replies": written(Reply, "room_id", "[answers to questions](live-room.md#answers), with their source"),
    "room-moments": written(RoomMoment, "room_id", "what each room is about at the moment", config=REPLACED_SOON, cleanup="compact"),
    "training-examples": written(
        Example, "list_id", "lists with what was seen of them and what came of it; see [learning](learning.md)", BY_ARRIVAL
    ),
}
"""The public topics, by their name without the prefix: the one place where an event type is made known."""

WIRE_TYPES: Final[dict[str, type[Struct]]] = {name: declaration.kind for name, declaration in DECLARED.items()}
"""The type of the values of each public topic."""


def encode_hook(value: Any) -> int:
    """What msgspec cannot encode by itself: event times, as milliseconds."""
    if isinstance(value, EventTime):
        return int(value)
    raise NotImplementedError(f"{type(value).__name__} does not travel on the wire")


def to_builtins(value: Struct) -> Any:
    """The wire form of `value` as plain dicts and lists."""
    return msgspec.to_builtins(value, enc_hook=encode_hook)
