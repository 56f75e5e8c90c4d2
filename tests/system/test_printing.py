"""Text of others cannot make a terminal do anything, and JSON arrives whole."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.system.printing import escaped, json_line, printable, printable_lines

OBEYED = ("Cc", "Cs", "Zl", "Zp")
HOSTILE = ["\x1b]0;owned\x07", "\x9b2J", "\u202eevil\u202c", "\u2066a\u2069", "a\bb", "\x7f", "a\u2028b", "a\r\nb", "\ud800", "\U000e0001"]


def obeyed(text: str) -> list[str]:
    return [
        sign for sign in text if unicodedata.category(sign) in OBEYED or (unicodedata.category(sign) == "Cf" and sign not in "\u200c\u200d")
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_terminal_obeys_gets_through(text: str) -> None:
    assert obeyed(printable(text)) == obeyed(printable_lines(text.replace("\n", ""))) == obeyed(json_line(text)) == []


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_one_line_without_anything_to_obey(text: str) -> None:
    assert obeyed(printable(text)) == []
    assert "\n" not in printable(text)


@pytest.mark.parametrize("text", ["山田　太郎", "👨‍👩‍👧 🧦", "नमस्ते", "کتاب‌ها", "Ünïcode\u00a0"])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert printable(text) == text
    assert json.loads(json_line([text])) == [text]
    assert text in json_line([text])


def test_lines_that_are_ours_stay_lines() -> None:
    assert printable_lines("one\ntwo\x1b\nthree") == "one\ntwo\N{REPLACEMENT CHARACTER}\nthree"
    assert printable("one\ntwo") == "one two"


@given(st.recursive(st.text() | st.integers(-9, 9) | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_means_the_same_with_and_without_escapes(data: Any) -> None:
    for only_ascii in (False, True):
        line = json_line(data, only_ascii=only_ascii)
        assert json.loads(line) == data
        assert obeyed(line) == []
        assert line.isascii() or not only_ascii


def test_a_line_of_json_that_is_there_already_is_escaped_alike() -> None:
    assert escaped('{"text":"\u202e\x9b木"}') == '{"text":"\\u202e\\u009b木"}'
    assert escaped('{"text":"木🧦"}', only_ascii=True) == '{"text":"\\u6728\\ud83e\\udde6"}'


def test_a_file_name_that_is_no_utf_8_is_shown_in_json_all_the_same() -> None:
    assert json.loads(json_line({"folder": "a\udcff"})) == {"folder": "a\udcff"}
