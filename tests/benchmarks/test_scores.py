"""Figures of understanding, on comments few enough to be counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.scores import INTENTS, Tally, agrees, on_air, scores


def labels(**some: Any) -> dict[str, Any]:
    return {"intents": ["other"], "sentiment": "neutral", "items": [], "ref": "none", "unwanted": [], "answer": None} | some


def two() -> list[dict[str, Any]]:
    price = {"item": "a", "field": "price", "text": "129元"}
    asks = labels(intents=["ask_price", "want"], sentiment="positive", items=["a", "b"], ref="position", answer=price)
    refuses = labels(intents=["complaint"], sentiment="negative", ref="category", unwanted=["c"])
    return [{"id": "1", "labels": asks}, {"id": "2", "labels": refuses}]


def test_two_comments_counted_by_hand() -> None:
    found = {
        "1": {
            "intents": ["ask_price"],
            "sentiment": "positive",
            "items": [["a", 0.9], ["d", 0.2]],
            "unwanted": [],
            "answer": {"item": "a", "field": "price", "text": "129 yuan"},
        },
        "2": {"intents": ["complaint"], "sentiment": "neutral", "items": [["c", 1.0]], "unwanted": ["c"], "answer": None},
    }
    report = scores(two(), found)
    # Found a, d and c; meant a and b: one hit, two false, one missed.
    assert (report["items_precision"], report["items_recall"], report["items_f1"]) == (0.3333, 0.5, 0.4)
    assert report["best_item_right"] == {"position": [1, 1]}
    assert report["false_mention"] == 1.0
    assert report["unwanted_f1"] == 1.0
    # Of three intents two were found and none was false; nine of the other classes were rightly not found.
    assert report["intent_micro_f1"] == 0.8
    assert report["intent_macro_f1"] == round(11 / len(INTENTS), 4)
    # Positive 1, negative 0 and neutral, found once and never right, 0.
    assert report["sentiment_macro_f1"] == 0.3333
    assert (report["answers"], report["answer_precision"], report["answer_coverage"]) == (1, 1.0, 1.0)
    assert report["wrong_on_unanswerable"] is None


def test_a_comment_without_a_prediction_is_one_that_nothing_was_understood_of() -> None:
    report = scores(two(), {})
    assert (report["comments"], report["items_precision"], report["items_recall"], report["items_f1"]) == (2, None, 0.0, 0.0)
    assert report["false_mention"] == 0.0
    assert (report["answer_coverage"], report["answer_precision"]) == (0.0, None)


def test_an_item_that_is_refused_is_none_that_is_meant() -> None:
    gold = [{"id": "1", "labels": labels(items=["a", "b"], unwanted=["b"], ref="title")}]
    assert scores(gold, {"1": {"items": [["a", 1.0]], "unwanted": ["b"]}})["items_f1"] == 1.0
    assert scores(gold, {"1": {"items": [["b", 1.0]]}})["items_precision"] == 0.0


def test_answers_to_what_cannot_be_answered_are_wrong() -> None:
    gold = [
        {"id": "1", "labels": labels(intents=["ask_quality"], answer={"unanswerable": True})},
        {"id": "2", "labels": labels(intents=["ask_size"], answer={"item": "a", "field": "尺码", "text": "L码"})},
        {"id": "3", "labels": labels()},
    ]
    said = {"answer": {"item": "a", "field": "尺码", "text": "S-XL"}}
    report = scores(gold, {"1": said, "2": said, "3": said})
    assert (report["answers"], report["answer_precision"], report["answer_coverage"]) == (3, 0.3333, 1.0)
    assert report["wrong_on_unanswerable"] == 1.0


@pytest.mark.parametrize(
    ("gold", "given", "right"),
    [
        ({"item": "a", "field": "price", "text": "99元"}, {"item": "b", "field": "price", "text": "99元"}, False),
        ({"item": "a", "field": "host", "text": "99元"}, {"item": "a", "field": "price", "text": "现在９９元"}, True),
        ({"item": "a", "field": "price", "text": "99元"}, {"item": "a", "field": "price", "text": "129元"}, False),
        ({"item": "a", "field": "颜色", "text": "只有黑色"}, {"item": "a", "field": "颜色", "text": "黑"}, True),
        ({"item": "a", "field": "host", "text": "可以机洗"}, {"item": "a", "field": "洗涤", "text": "能机洗的，可以"}, True),
        ({"item": "a", "field": "host", "text": "可以机洗"}, {"item": "a", "field": "洗涤", "text": "不行"}, False),
        ({"item": None, "field": "host", "text": "不用"}, {"item": "a", "field": "host", "text": "是"}, True),
    ],
)
def test_an_answer_is_right_by_item_and_numbers_or_field_or_words(gold: dict[str, Any], given: dict[str, Any], right: bool) -> None:
    assert agrees(gold, given) is right


def test_nothing_to_find_and_nothing_found_is_whole() -> None:
    assert Tally().f1 == 1.0
    assert Tally().precision is None


def test_the_item_on_air_counts_by_segments_and_its_delay_by_changes() -> None:
    parts = [("r", None), ("r", "a"), ("r", "a"), ("r", None), ("r", "a"), ("r", "b"), ("r", "b"), ("s", "b"), ("s", "c")]
    gold = [{"room_id": room, "item_id": item} for room, item in parts]
    found = [None, None, "a", "a", "a", "a", "b", "b", "b"]
    report = on_air(gold, found)
    # Right in the third, fifth, seventh and eighth of the seven in which something is sold.
    assert (report["segments"], report["accuracy"]) == (7, round(4 / 7, 4))
    # To a (one late), to b (one late), to b in the other room (at once), to c (never).
    assert (report["changes"], report["missed"], report["delay_p50"], report["delay_max"]) == (4, 1, 1, 1)
