"""The script tells the language, for Latin letters the words; who tells a language is believed where the script allows it."""

from __future__ import annotations

import pytest

from streamrec.understanding.language import language
from streamrec.understanding.normalise import normalise

TOLD = {
    "这个多少钱": "zh",
    "T恤 M码 有吗": "zh",
    "バッグかわいい": "ja",
    "이거 얼마예요": "ko",
    "ราคาเท่าไหร่คะ": "th",
    "कितना दाम है": "hi",
    "كم السعر": "ar",
    "چقدر است": "fa",
    "сколько стоит": "ru",
    "скільки коштує її": "uk",
    "how much is this one": "en",
    "cuánto cuesta el vestido": "es",
    "giá bao nhiêu vậy shop": "vi",
    "quanto custa essa blusa": "pt",
    "berapa harganya kak, mau yang ini": "id",
    "combien pour cette robe s'il vous plaît": "fr",
    "was kostet das Kleid": "de",
}


@pytest.mark.parametrize(("text", "code"), TOLD.items())
def test_a_comment_tells_its_language(text: str, code: str) -> None:
    assert language(normalise(text)) == code


@pytest.mark.parametrize("text", ["", "666", "😂😂", "1", "xl", "lunelle"])
def test_what_no_language_owns_is_undetermined(text: str) -> None:
    assert language(normalise(text)) == "und"


def test_the_told_language_decides_where_words_do_not() -> None:
    assert language(normalise("xl"), "es-MX") == "es"
    assert language(normalise("मराठी"), "mr") == "mr"


def test_the_script_contradicts_a_wrong_hint() -> None:
    assert language(normalise("这个多少钱"), "en") == "zh"
    assert language(normalise("how much is it"), "zh") == "en"
