from __future__ import annotations

import msgspec

from streamrec.events.speech import Intent
from streamrec.understanding.answers.answerer import Answerer
from streamrec.understanding.answers.questions import MOST_ASKERS, MOST_OPEN, Gist, OpenQuestion, ask, gist, most_asked, same
from tests.understanding.answers import asking
from tests.understanding.answers.asking import KETTLE, LAMP


def of(text: str, intent: Intent = "ask_quality", item: object = KETTLE, answered: bool = False) -> Gist:
    asked = asking.ask(text, intent, item)  # type: ignore[arg-type]
    found = gist(asked, Answerer().answer(asked) if answered else None)
    assert found is not None
    return found


def test_the_same_question_in_other_words_is_one() -> None:
    assert same(of("会不会漏水"), of("漏水吗"))
    assert same(of("多少钱", "ask_price"), of("怎么卖的", "ask_price"))
    assert same(of("会不会漏水"), of("会不会楼水"))


def test_questions_with_one_answer_are_one() -> None:
    assert same(of("几升的", "ask_size", answered=True), of("容量多大呀", "ask_size", answered=True))


def test_another_item_intent_number_or_matter_is_another_question() -> None:
    assert not same(of("多少钱", "ask_price"), of("多少钱", "ask_price", LAMP))
    assert not same(of("多少钱", "ask_price"), of("多少钱", "ask_stock"))
    assert not same(of("130斤穿什么码"), of("110斤穿什么码"))
    assert not same(of("会不会漏水"), of("会不会生锈"))
    assert gist(asking.ask("哈哈哈", "other", KETTLE)) is None


def test_a_question_is_new_once_in_a_window_and_its_askers_are_counted() -> None:
    questions: list[OpenQuestion] = []
    asked = [
        ask(questions, of("漏水吗"), "漏水吗", ts, f"e{ts}", user, 60_000).asked
        for ts, user in ((0, "a"), (10_000, "b"), (59_999, "a"), (60_000, "c"))
    ]
    assert asked == [1, 2, 3, 1]
    assert len(questions) == 1


def test_one_who_asks_a_hundred_times_is_one_asker() -> None:
    questions: list[OpenQuestion] = []
    for number in range(MOST_ASKERS + 20):
        ask(questions, of("漏水吗"), "漏水吗", number, f"e{number}", "spammer")
    ask(questions, of("生锈吗"), "生锈吗", 999, "x", "a")
    ask(questions, of("生锈吗"), "生锈吗", 999, "y", "b")
    assert [one.text for one in most_asked(questions, 2)] == ["生锈吗", "漏水吗"]
    assert len(questions[0].event_ids) == MOST_ASKERS


def test_a_room_holds_a_bounded_number_of_questions_that_can_be_stored() -> None:
    questions: list[OpenQuestion] = []
    for number in range(MOST_OPEN + 5):
        ask(questions, Gist("ask_size", f"i{number}", (), (), ()), "几米", number, f"e{number}", "a")
    assert len(questions) == MOST_OPEN
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(questions), type=list[OpenQuestion]) == questions
