"""Plays recorded rooms through the worker's own code: what each comment means, what is answered, and what is on air."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal

from msgspec import Struct

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.rooms import LiveRoom
from streamrec.evaluation.room_files import FileComment, FileRoom, FileSegment, Recording
from streamrec.events.fields import EventTime
from streamrec.events.speech import AnswerSource, Insight, Intent, Reply, Sentiment, Transcript
from streamrec.events.types import Danmaku, Room
from streamrec.settings import Settings
from streamrec.state.apply import apply
from streamrec.state.room import RoomRow
from streamrec.state.user import UserRow
from streamrec.understanding.reader import Judged
from streamrec.worker.comments import Comments
from streamrec.worker.room_moment import moment
from streamrec.worker.understanding import load_reader, load_story

OnAirBy = Literal["speech", "given"]
BEGIN_MS = 1_700_000_000_000
"""Event time of second 0; any would do."""
BATCH = 64
"""Comments that the model reads at once."""


class Answered(Struct):
    """The answer to a question; `field` is "host" where it is from what the host said."""

    item: str | None
    field: str
    text: str
    source: AnswerSource
    confidence: float


class Prediction(Struct):
    """What was understood of a comment, and what was on air when it was read."""

    id: str
    lang: str
    intents: list[Intent]
    sentiment: Sentiment
    items: list[tuple[str, float]]
    unwanted: list[str]
    answer: Answered | None
    on_air: str | None


class Rooms:
    """Rooms that are played, from their beginning, with one catalogue and the state of all their viewers."""

    def __init__(self, settings: Settings, recording: Recording, by: OnAirBy = "speech") -> None:
        """`by` "given" takes what is on air from the transcripts' own `item_id`; in segments without one it is told from speech.

        Every question is answered, also one that was asked before: what is measured are answers, not how seldom they are given.
        """
        self._recording, self._by = recording, by
        self.catalogue = Catalogue()
        self.catalogue.put_items(recording.items)
        self._halls = {hall.room_id: hall for hall in recording.rooms}
        for hall in recording.rooms:
            self._open(hall, BEGIN_MS, hall.on_air)
        self._comments = Comments(self.catalogue, load_reader(settings))
        self._story = load_story(settings.model_copy(update={"answer_window_s": 0.0}), self.catalogue)
        self._rows = {hall.room_id: RoomRow() for hall in recording.rooms}
        self._viewers: dict[str, UserRow] = {}
        self.heard: list[str | None] = []
        """What was on air after each segment that was played, in the order of the timeline."""

    def play(self, timeline: Iterable[FileSegment | FileComment] | None = None) -> Iterator[Prediction]:
        """Play segments and comments in their order, by default those of the recording; gives a prediction for each comment.

        Comments are judged some at once, as the model reads them best, and then each is read in its scene.
        """
        rows = iter(self._recording.timeline() if timeline is None else timeline)
        while some := list(islice(rows, BATCH)):
            written = [event_of(row) for row in some if isinstance(row, FileComment)]
            judged = zip(written, self._comments.judge(written), strict=True)
            for row in some:
                if isinstance(row, FileSegment):
                    self._hear(row)
                else:
                    yield self._read(row, *next(judged))

    def _open(self, hall: FileRoom, ts: int, on_air: str | None) -> None:
        self.catalogue.put_room(
            Room(
                room_id=hall.room_id,
                host_id=hall.host_id,
                status="live",
                shelf=hall.shelf,
                ts=EventTime(ts),
                title=hall.title,
                on_air=on_air,
            )
        )

    def _hear(self, said: FileSegment) -> None:
        ts = _ms(said.at_s)
        if self._by == "given" and self._halls[said.room_id].on_air is None:
            self._open(self._halls[said.room_id], ts, said.item_id)
        event = Transcript(room_id=said.room_id, segment=f"{said.room_id}-{ts}-{len(self.heard)}", ts=EventTime(ts), text=said.text)
        row, live = self._room(said.room_id)
        self._story.hear(row, event, live)
        self._tell(said.room_id)
        self.heard.append(live.on_air_id)

    def _read(self, comment: FileComment, event: Danmaku, judged: Judged) -> Prediction:
        viewer = self._viewers.setdefault(comment.user, UserRow())
        row, live = self._room(comment.room_id)
        on_air = live.on_air_id
        read = self._comments.read(event, judged, viewer)
        apply(viewer, event, self._comments.meant(read))
        insight = self._comments.insight(event, read, ("danmaku", 0, 0), comment.id)
        replies = self._story.comment(row, insight, live)
        self._tell(comment.room_id)
        return _prediction(insight, replies, on_air)

    def _room(self, room_id: str) -> tuple[RoomRow, LiveRoom]:
        return self._rows[room_id], self.catalogue.rooms.live[room_id]

    def _tell(self, room_id: str) -> None:
        """Let the catalogue know the room's moment, as workers do by the topic."""
        self.catalogue.rooms.hear(moment(room_id, self._rows[room_id], self.catalogue.records))


def event_of(comment: FileComment) -> Danmaku:
    """The event that a comment is."""
    return Danmaku(
        user_id=comment.user,
        room_id=comment.room_id,
        ts=EventTime(_ms(comment.at_s)),
        text=comment.text,
        event_id=comment.id,
        item_id=comment.item_id,
    )


def _prediction(insight: Insight, replies: Sequence[Reply], on_air: str | None) -> Prediction:
    return Prediction(
        id=insight.event_id,
        lang=insight.lang,
        intents=insight.intents,
        sentiment=insight.sentiment,
        items=[(one.item_id, round(one.weight, 4)) for one in insight.items],
        unwanted=insight.unwanted,
        answer=_answered(replies[0]) if replies else None,
        on_air=on_air,
    )


def _answered(reply: Reply) -> Answered:
    # The field of what a host said is a segment, which has a name only here.
    field = "host" if reply.source == "host" else reply.field
    return Answered(reply.item_id, field, reply.answer, reply.source, reply.confidence)


def _ms(at_s: float) -> int:
    return BEGIN_MS + round(1000 * at_s)
