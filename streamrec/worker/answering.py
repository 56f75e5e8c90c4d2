"""Answers the questions of a room: each once in a window, however many ask."""

from __future__ import annotations

from collections.abc import Sequence

from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.speech import Insight, Reply
from streamrec.state.room import HEARD_MS, QUESTIONS, OpenQuestion, RoomRow
from streamrec.understanding.answers.answerer import Answerer, Asked, Said
from streamrec.understanding.answers.policies import Policies
from streamrec.understanding.answers.questions import key_of, same
from streamrec.understanding.normalise import normalise

ANSWERED = ("ask_price", "ask_size", "ask_stock", "ask_delivery", "ask_quality")


class Answering:
    """Keeps the open questions of a room's row, and makes replies."""

    def __init__(self, catalogue: Catalogue, answerer: Answerer, policies: Policies, window_ms: int) -> None:
        self._catalogue, self._answerer, self._policies, self._window_ms = catalogue, answerer, policies, window_ms

    def ask(self, row: RoomRow, insight: Insight) -> Sequence[Reply]:
        """Note the question of a comment if it asks one; the reply if there is one that was not given yet."""
        intents = [intent for intent in insight.intents if intent in ANSWERED]
        if not intents:
            return ()
        item_id = insight.items[0].item_id if insight.items else row.on_air
        normal = normalise(insight.text)
        key = key_of(normal, intents[0])
        row.questions = [one for one in row.questions if one.ts > row.ts - self._window_ms]
        for one in row.questions:
            if one.item_id == item_id and one.intent == intents[0] and same(one.key, key):
                one.asked, one.ts = one.asked + 1, max(one.ts, insight.ts)
                return ()
        question = OpenQuestion(insight.text, intents[0], item_id, key, insight.ts, insight.ts)
        row.questions = [*row.questions, question][-QUESTIONS:]
        item = self._catalogue.records.get(item_id) if item_id is not None else None
        said = [
            Said(each.segment, each.ts, each.text, each.item_id)
            for each in reversed(row.heard)
            if insight.ts - HEARD_MS < each.ts <= insight.ts
        ]
        answer = self._answerer.answer(Asked(normal, insight.lang, intents, item, said, self._policies))
        if answer is None:
            return ()
        row.replies += 1
        question.reply_id, question.answer, question.source = f"{insight.room_id}-{row.replies}", answer.text, answer.source
        return (
            Reply(
                reply_id=question.reply_id,
                room_id=insight.room_id,
                ts=insight.ts,
                question=insight.text,
                lang=insight.lang,
                intent=intents[0],
                answer=answer.text,
                source=answer.source,
                field=answer.field,
                confidence=round(answer.confidence, 3),
                quote=answer.quote,
                item_id=answer.item_id,
                event_ids=[insight.event_id],
                users=[insight.user_id],
            ),
        )
