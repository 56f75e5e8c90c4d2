"""Why an item is in a list, in words of every language."""

from __future__ import annotations

import re
from typing import Any

import pytest

from streamrec.events.types import RankedItem
from streamrec.ranking.reasons.codes import CODES
from streamrec.ranking.reasons.languages import DEFAULT, LANGUAGES, words
from streamrec.ranking.reasons.sentences import ASKED, BECAUSE, BOUGHT, PRAISED, in_words
from streamrec.understanding.aspects import ASPECTS

TITLES = {"i1": "RED {MUG}"}
SENTENCE = {"zh": r"[\u4e00-\u9fff].*。$"}
"""How a sentence looks in a language that does not end it with a full stop."""


def ranked(*codes: str, **facts: Any) -> RankedItem:
    return RankedItem(item_id="i0", rank=1, score=0.0, scores={}, reasons=list(codes), **facts)


def test_a_sentence_names_the_facts_that_are_known() -> None:
    assert in_words(ranked("bought_together", because="i1"), TITLES) == ["Others picked it along with RED {MUG}."]
    assert in_words(ranked("bought_together", because="i9"), TITLES) == ["Others picked it along with i9."]
    assert in_words(ranked("bought_together"), TITLES) == ["Others picked it along with something that caught your eye."]
    assert in_words(ranked("popular_this_week", bought_7d=12), TITLES, "zh") == ["近7天有12人以上买了它。"]
    assert in_words(ranked("you_asked", "viewers_praise_it", asked_about="size", praised_for="size"), TITLES) == [
        "You asked about its size.",
        "Several viewers praised its fit.",
    ]
    assert in_words(ranked("you_asked", asked_about="size"), TITLES, "es") == ["Preguntaste por su tamaño."]
    assert in_words(ranked("you_asked", asked_about="of_tomorrow"), TITLES) == ["You asked about it."]


def test_a_rule_is_named_and_an_unknown_code_stands_for_itself() -> None:
    assert in_words(ranked("rule:summer:1", "of_tomorrow"), {}) == ["The shop placed it here (rule summer:1).", "of_tomorrow"]


def test_the_facts_that_lists_carry_for_their_sentences_are_those_that_sentences_name() -> None:
    assert {"bought_together", "bought_with_last", "bought_next", "similar_to_recent", "similar_to_last"} == BECAUSE
    assert {"popular_this_week"} == BOUGHT
    assert ({"you_asked"}, {"viewers_praise_it"}) == (ASKED, PRAISED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_a_sentence_for_every_code_with_the_facts_of_the_english_one(language: str) -> None:
    told, english = words(language), words(DEFAULT)
    assert told.name
    assert set(told.asked) == set(told.praised) == set(ASPECTS)
    assert set(told.sentences) == set(CODES)
    assert told.with_facts.keys() == english.with_facts.keys()
    for own, other in ((told.sentences, english.sentences), (told.with_facts, english.with_facts)):
        for code, sentence in own.items():
            assert re.search(SENTENCE.get(language, r"\w.*\.$"), sentence), code
            assert set(re.findall(r"\{\w+\}", sentence)) == set(re.findall(r"\{\w+\}", other[code])), code
