"""A room as the live page shows it: what it is about, and its last comments with what they were taken for.

What people wrote is shown only where the settings allow it, in questions and bursts as well; what the host said is for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from streamrec.contract.pieces import Names
from streamrec.events.speech import Insight, RoomMoment
from streamrec.web.showing import People


def needs(moment: RoomMoment | None, insights: Iterable[Insight]) -> set[str]:
    """The ids of the items whose titles are wanted."""
    ids = {mention.item_id for insight in insights for mention in insight.items}
    ids.update(item_id for insight in insights for item_id in insight.unwanted)
    if moment is not None:
        ids.update((*moment.shown, *moment.said), (item_id for item_id, _ in moment.wanted))
        ids.update(item_id for item_id in (moment.on_air, *(question.item_id for question in moment.questions)) if item_id)
    return ids


def room_message(room_id: str, moment: RoomMoment | None, people: People, names: Names, now_ms: int) -> dict[str, Any]:
    """The room's moment as the page receives it; without one the room is not known to be live, or nothing was said in it yet.

    How long the item has been on air is told by the worker's clock: that of the page's machine may be wrong.
    """
    titles, rooms = names
    told: dict[str, Any] = {"room": room_id, "title": rooms.get(room_id), "known": moment is not None}
    if moment is None:
        return told
    return told | {
        "on_air": titles.get(moment.on_air, moment.on_air) if moment.on_air else None,
        "for_s": max(0, now_ms - moment.since) / 1000 if moment.since else None,
        "confidence": moment.confidence,
        "by": moment.by,
        "speech": moment.speech,
        "shown": [titles.get(item_id, item_id) for item_id in moment.shown],
        "comments": moment.comments,
        "viewers": moment.viewers,
        "mood": moment.mood,
        "wanted": [{"title": titles.get(item_id, item_id), "amount": amount} for item_id, amount in moment.wanted],
        "questions": [
            {
                "intent": question.intent,
                "text": question.text if people.show else None,
                "item": titles.get(question.item_id, question.item_id) if question.item_id else None,
                "asked": question.asked,
                "ts": question.ts,
                "answer": question.answer,
                "source": question.source,
            }
            for question in moment.questions
        ],
        "bursts": [
            {"text": burst.text if people.show else None, "comments": burst.comments, "users": burst.users, "ts": burst.ts}
            for burst in moment.bursts
        ],
        "said": [{"title": titles.get(item_id, item_id), "points": points} for item_id, points in moment.said.items()],
    }


def comment_message(insight: Insight, people: People, names: Names) -> dict[str, Any]:
    """A comment as the page receives it, with what it was taken for."""
    titles, _ = names
    return {
        "viewer": people.introduce(insight.user_id),
        "text": insight.text if people.show else None,
        "ts": insight.ts,
        "lang": insight.lang,
        "intents": insight.intents,
        "sentiment": insight.sentiment,
        "items": [{"title": titles.get(one.item_id, one.item_id), "ref": one.ref, "weight": one.weight} for one in insight.items],
        "unwanted": [titles.get(item_id, item_id) for item_id in insight.unwanted],
    }
