"""What travels on the topics of the live room: what hosts say, what comments mean, what a room is about, and answers."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from streamrec.events.fields import EventTime, Id, Label

Intent = Literal[
    "ask_price",
    "ask_size",
    "ask_stock",
    "ask_delivery",
    "ask_quality",
    "ask_show",
    "want",
    "praise",
    "complaint",
    "greeting",
    "spam",
    "other",
]
"""What a comment wants; several may hold at once."""
Sentiment = Literal["positive", "neutral", "negative"]
Reference = Literal["id", "position", "title", "category", "deictic", "history"]
"""How a comment refers to an item: by its id, by its place on the shelf, by words of its name, by its kind, as the item on air, or as one
that was on air before."""
AnswerSource = Literal["catalogue", "host", "policy"]
OnAirSource = Literal["room", "speech"]
"""Who says what is on air: the record of the room, or what the host says."""
Share = Annotated[float, Meta(ge=0, le=1)]
Place = tuple[Annotated[str, Meta(title="topic")], Annotated[int, Meta(title="partition")], Annotated[int, Meta(title="offset")]]


class Transcript(Struct, kw_only=True, gc=False):
    """A segment of what the host of a room said, from `ts` to `end_ts`. One with a higher `revision` replaces the same segment."""

    room_id: Id
    segment: Id
    ts: EventTime
    text: Annotated[str, Meta(max_length=2000)]
    end_ts: EventTime | None = None
    lang: Label | None = None
    confidence: Share | None = None
    revision: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class Mention(Struct, kw_only=True, gc=False):
    """An item that a comment means, how sure that is, and how the comment refers to it."""

    item_id: str
    weight: Share
    ref: Reference


class Insight(Struct, kw_only=True, omit_defaults=True, gc=False):
    """What a comment means. `source` are the coordinates of the comment, of which at most one insight counts."""

    room_id: str
    user_id: str
    ts: int
    event_id: str
    source: Place
    text: str
    lang: str
    """ISO 639; "und" where it cannot be told."""
    intents: list[Intent]
    sentiment: Sentiment
    items: list[Mention] = msgspec.field(default_factory=list)
    unwanted: list[str] = msgspec.field(default_factory=list)
    """Items that the viewer does not want."""
    model: str = ""
    """Which model read the comment; empty where rules alone did."""


class Reply(Struct, kw_only=True, omit_defaults=True, gc=False):
    """The answer to a question, with where it is from: a field of the catalogue, words of the host, or a policy of the shop."""

    reply_id: str
    room_id: str
    ts: int
    question: str
    """The text of the first comment that asked."""
    lang: str
    intent: Intent
    answer: str
    source: AnswerSource
    field: str
    """The field of the item, the policy, or the segment of the transcript."""
    confidence: Share
    quote: str = ""
    """The words of the source that the answer rests on."""
    item_id: str | None = None
    event_ids: list[str] = msgspec.field(default_factory=list)
    """The comments that are answered, the first ones."""
    users: list[str] = msgspec.field(default_factory=list)
    """Who wrote them."""


class Question(Struct, kw_only=True, omit_defaults=True, gc=False):
    """A question that several comments of a room ask, with the answer if there is one."""

    text: str
    intent: Intent
    asked: int
    ts: int
    """When it was asked last."""
    item_id: str | None = None
    reply_id: str | None = None
    answer: str | None = None
    source: AnswerSource | None = None


class Burst(Struct, kw_only=True, gc=False):
    """Many like comments within a minute."""

    text: str
    comments: int
    users: int
    ts: int


class RoomMoment(Struct, kw_only=True, omit_defaults=True):
    """What a room is about at the moment; the last record of a room counts."""

    room_id: str
    ts: int
    on_air: str | None = None
    since: int = 0
    """Since when that item is on air."""
    confidence: float = 0.0
    by: OnAirSource = "room"
    shown: list[str] = msgspec.field(default_factory=list)
    """The items that were on air before, the last first."""
    comments: float = 0.0
    """Comments a minute, decayed."""
    viewers: int = 0
    """People who wrote in the last minutes."""
    mood: dict[Sentiment, float] = msgspec.field(default_factory=dict)
    """Comments a minute by their sentiment, decayed."""
    wanted: list[tuple[str, float]] = msgspec.field(default_factory=list)
    """The items that comments want, strongest first."""
    questions: list[Question] = msgspec.field(default_factory=list)
    """What was asked lately, the most asked first."""
    bursts: list[Burst] = msgspec.field(default_factory=list)
    speech: str = ""
    """What the host said in the last half minute."""
    said: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """Selling points that the host told of items lately, by item."""
