"""A room's row as others see it."""

from __future__ import annotations

from collections.abc import Iterator

from streamrec.catalogue.records import Records
from streamrec.events.speech import Burst, Question, RoomMoment
from streamrec.state.room import HEAT_HALF_LIFE, WANTED_HALF_LIFE, WRITERS_MS, RoomRow, per_minute
from streamrec.understanding.answers.questions import most_asked
from streamrec.understanding.host.points import told

WANTED, QUESTIONS, BURSTS, SAID_ITEMS = 5, 8, 3, 3
"""What a moment tells of: as much as fits on a page."""
SPEECH_MS = 30_000
SPEECH_CHARACTERS = 400
LEAST = 0.05
"""Less of something wanted is not worth telling: a comment of some twenty minutes ago."""


def moment(room_id: str, row: RoomRow, records: Records) -> RoomMoment:
    """What the room is about now, which is the time of the newest that it knows."""
    now = row.ts
    return RoomMoment(
        room_id=room_id,
        ts=now,
        on_air=row.on_air,
        since=row.since,
        confidence=round(row.confidence, 3),
        by=row.by,
        shown=row.shown,
        comments=round(per_minute(row.comments.at(now, HEAT_HALF_LIFE)), 2),
        viewers=sum(at > now - WRITERS_MS for at in row.writers.values()),
        mood={mood: round(per_minute(count.at(now, HEAT_HALF_LIFE)), 2) for mood, count in row.mood.items()},  # type: ignore[misc]
        wanted=_wanted(row, now),
        questions=list(_questions(row)),
        bursts=[Burst(text=one.text, comments=one.comments, users=one.users, ts=one.newest) for one in row.clusters.bursts(now)[:BURSTS]],
        speech=_speech(row),
        said=_said(row, records),
    )


def _wanted(row: RoomRow, now: int) -> list[tuple[str, float]]:
    amounts = [(item_id, count.at(now, WANTED_HALF_LIFE)) for item_id, count in row.wanted.items()]
    strongest = sorted((pair for pair in amounts if pair[1] >= LEAST), key=lambda pair: (-pair[1], pair[0]))
    return [(item_id, round(amount, 2)) for item_id, amount in strongest[:WANTED]]


def _questions(row: RoomRow) -> Iterator[Question]:
    for one in most_asked(row.questions, QUESTIONS):
        yield Question(
            text=one.text,
            intent=one.gist.intent,
            asked=one.asked,
            ts=one.last_ts,
            item_id=one.gist.item_id,
            reply_id=one.reply_id,
            answer=one.answer,
            source=one.source,
        )


def _said(row: RoomRow, records: Records) -> dict[str, list[str]]:
    """By item what the host said for it, in the host's words, newest first; for the items that were on air last."""
    lately = [item_id for item_id in (row.on_air, *row.shown) if item_id is not None][:SAID_ITEMS]
    items = {item_id: item for item_id in lately if (item := records.get(item_id)) is not None}
    listed = {item_id: (item.price, item.currency) for item_id, item in items.items()}
    points = told([each for each in row.heard if each.item_id in items], listed)
    return {item_id: [one.point.words for one in points[item_id]] for item_id in items if item_id in points}


def _speech(row: RoomRow) -> str:
    recent = [segment.text for segment in row.heard if segment.ts > row.heard[-1].ts - SPEECH_MS]
    return " ".join(recent)[-SPEECH_CHARACTERS:]
