from __future__ import annotations

import string

import pytest

from streamrec.errors import StreamrecError
from streamrec.understanding.answers.languages import LANGUAGES, spoken, words
from streamrec.understanding.answers.lexicon import Lexicon, lexicon


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_all_that_english_says_with_the_same_facts(language: str) -> None:
    mine, english = words(language), words("en")
    assert {name: holes(text) for name, text in mine.says.items()} == {name: holes(text) for name, text in english.says.items()}
    assert mine.names.keys() == english.names.keys()
    assert mine.wants.keys() == english.wants.keys()
    assert set(mine.kinds) <= set(english.kinds) | set(words("zh").kinds)
    assert all({"keys", "asks"} <= lists.keys() <= {"keys", "asks", "tells"} for lists in mine.kinds.values())


def test_a_language_without_words_is_refused_and_passed_over() -> None:
    with pytest.raises(StreamrecError, match="choose one of"):
        words("tlh")
    assert spoken("und", "zh-TW") == "zh"
    assert spoken(None, "tlh") == "en"


def test_a_language_is_one_file() -> None:
    alone = Lexicon([words("es")])
    assert alone.kinds_of_key("garantía") == {"warranty"}


@pytest.mark.parametrize(
    ("key", "kind"),
    [("口径", "size"), ("面料", "material"), ("item_weight", "weight"), ("Bảo hành", "warranty"), ("battery life", "runtime")],
)
def test_names_of_fields_are_known_in_every_language(key: str, kind: str) -> None:
    assert kind in lexicon().kinds_of_key(key)
