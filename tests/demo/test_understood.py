"""What was understood is counted against what the simulator knows, each comment once, whichever side comes first."""

from __future__ import annotations

import pytest

from streamrec.demo.understood import Figures, Understood
from streamrec.events.speech import Insight, Mention, Reply, RoomMoment
from streamrec.events.types import ModelRef, RankedItem, Recommendation, Trigger
from streamrec.simulator.messages import Message, message
from streamrec.simulator.truth import Truth

WANTS = Truth("a", ("want",), "positive", ("a",))
REFUSES = Truth("a", ("other",), "neutral", (), ("b",))


def wrote(truth: Truth | None) -> Message:
    return message("danmaku", {"user_id": "u", "room_id": "r", "ts": 1, "text": "?"}, truth=truth)


def insight(offset: int, intents: list[str], sentiment: str, items: list[str], unwanted: list[str]) -> Insight:
    return Insight(
        room_id="r",
        user_id="u",
        ts=1,
        event_id="e",
        source=("danmaku", 0, offset),
        text="?",
        lang="zh",
        intents=intents,  # type: ignore[arg-type]
        sentiment=sentiment,  # type: ignore[arg-type]
        items=[Mention(item_id=item, weight=1.0, ref="deictic") for item in items],
        unwanted=unwanted,
    )


def ranked(*items: str) -> Recommendation:
    return Recommendation(
        arm="default",
        list_id="l",
        user_id="u",
        trigger=Trigger(topic="danmaku", partition=0, offset=0, event_id="e", ts=1),
        generated_ts=1,
        items=[RankedItem(item_id=item, rank=rank, score=0.0, scores={}, reasons=[]) for rank, item in enumerate(items, 1)],
        model=ModelRef(name="mini", revision="r", provider="CPU"),
        weights_version="1",
        seq=1,
        covers=[],
    )


@pytest.mark.parametrize("early", [True, False])
def test_a_comment_is_judged_by_its_items_its_intents_and_its_mood(early: bool) -> None:
    found = Understood(lambda _: None)
    right, wrong = insight(0, ["want"], "positive", ["a"], []), insight(1, ["want", "ask_price"], "neutral", ["b"], ["b"])
    for offset, (truth, read) in enumerate([(WANTS, right), (REFUSES, wrong)]):
        if early:
            found.insight_read(read)
        found.sent(wrote(truth), 0, offset)
        if not early:
            found.insight_read(read)
            found.insight_read(read)
    assert found.figures() == Figures(comments=2, insights=2, items_right=1, intents_right=1, moods_right=2)


def test_what_means_nothing_known_is_not_counted() -> None:
    found = Understood(lambda _: None)
    found.sent(wrote(None), 0, 0)
    found.sent(message("transcripts", {"room_id": "r"}, truth=WANTS), 0, 1)
    assert found.figures() == Figures()


def test_the_item_on_air_is_judged_only_where_the_record_does_not_tell_it() -> None:
    found = Understood({"silent": "a"}.get)
    for room, item, by in (("silent", "a", "speech"), ("silent", "b", "speech"), ("silent", None, "speech"), ("other", "a", "room")):
        found.moment_read(RoomMoment(room_id=room, ts=1, on_air=item, by=by))  # type: ignore[arg-type]
    assert found.figures() == Figures(moments=4, on_air_told=2, on_air_right=1)


def test_lists_are_looked_at_for_what_the_comment_wants_and_refuses() -> None:
    found = Understood(lambda _: None)
    for truth in (WANTS, REFUSES):
        found.list_read(ranked("c", "a"), wrote(truth))
        found.list_read(ranked("c", "d", "e", "f", "g", "a", "b"), wrote(truth))
    found.list_read(ranked("a"), None)
    figures = found.figures()
    assert (figures.wanted, figures.wanted_first, figures.refused, figures.refused_gone) == (2, 1, 2, 1)


def test_an_answer_that_is_sent_twice_counts_once() -> None:
    found = Understood(lambda _: None)
    reply = Reply(
        reply_id="1", room_id="r", ts=1, question="?", lang="en", intent="ask_size", answer="9 cm", source="host", field="s", confidence=1.0
    )
    assert [found.reply_read(reply), found.reply_read(reply)] == [True, False]
    assert found.figures().replies == 1


def test_the_summary_tells_only_of_what_happened() -> None:
    assert Figures().text() == ""
    assert Figures(replies=3).text() == "3 questions answered"
    assert (
        "of 4 comments 50% were understood for the items they mean, 75% for what they want and 100% for their mood"
        in Figures(insights=4, items_right=2, intents_right=3, moods_right=4).text()
    )
