"""Answers the questions of a room: each once in a window, however many ask."""

from __future__ import annotations

from collections.abc import Sequence

from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.speech import Insight, Reply
from streamrec.events.types import Item
from streamrec.state.room import HEARD_MS, RoomRow
from streamrec.understanding.answers.answerer import ANSWERED, Answerer
from streamrec.understanding.answers.asked import Asked, Said
from streamrec.understanding.answers.policies import Policies
from streamrec.understanding.answers.questions import ask, gist
from streamrec.understanding.normalise import Normal


class Answering:
    """Keeps the open questions of a room's row, and makes replies."""

    def __init__(self, catalogue: Catalogue, answerer: Answerer, policies: Policies, window_ms: int) -> None:
        self._catalogue, self._answerer, self._policies, self._window_ms = catalogue, answerer, policies, window_ms

    def ask(self, row: RoomRow, insight: Insight, normal: Normal) -> Sequence[Reply]:
        """Count the question of a comment if it asks one; the reply, if it is known and was not given within the window."""
        intents = [intent for intent in insight.intents if intent in ANSWERED]
        if not intents:
            return ()
        item = self._catalogue.records.get(insight.items[0].item_id) if insight.items else None
        said = [
            Said(each.segment, each.ts, each.text, each.item_id)
            for each in reversed(row.heard)
            if insight.ts - HEARD_MS < each.ts <= insight.ts
        ]
        asked = Asked(normal, insight.lang, intents, item, said, self._policies, self._position(insight.room_id, item))
        answer = self._answerer.answer(asked)
        what = gist(asked, answer)
        if what is None:
            return ()
        question = ask(row.questions, what, insight.text, insight.ts, insight.event_id, insight.user_id, self._window_ms)
        # Whoever asked before the host said it is answered by the next who asks.
        if answer is None or question.reply_id is not None:
            return ()
        row.replies += 1
        question.reply_id, question.answer, question.source = f"{insight.room_id}-{row.replies}", answer.text, answer.source
        return (
            Reply(
                reply_id=question.reply_id,
                room_id=insight.room_id,
                ts=insight.ts,
                question=question.text,
                lang=answer.lang,
                intent=answer.intent,
                answer=answer.text,
                source=answer.source,
                field=answer.field,
                confidence=round(answer.confidence, 3),
                quote=answer.quote,
                item_id=answer.item_id,
                event_ids=list(question.event_ids),
                users=list(question.users),
            ),
        )

    def _position(self, room_id: str, item: Item | None) -> int | None:
        """The number of the link of an item in a room."""
        room = self._catalogue.rooms.live.get(room_id)
        return room.names.index(item.item_id) + 1 if room is not None and item is not None and item.item_id in room.names else None
