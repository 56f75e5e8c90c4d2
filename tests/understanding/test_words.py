"""Texts of any script are cut into pieces that a title and a danmaku share when they speak of the same thing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streamrec.understanding.words import words

CUT = {
    "Cafés glass": ["cafe", "glass"],
    "Straße İstanbul": ["strasse", "istanbul"],
    "कितना दाम है": ["कितना", "दाम", "है"],
    "தமிழ் புத்தகம்": ["தமிழ்", "புத்தகம்"],
    "বাংলা বই": ["বাংলা", "বই"],
    "أَحْمَد": ["احمد"],
    "کتاب\u200cها": ["کتاب", "ها"],
    "സോഫ്റ്റ്\u200cവെയർ": ["സോഫ്റ്റ്വെയർ"],
    "שָׁלוֹם": ["שלום"],
    "バッグ": ["バッ", "ッグ"],
    "ﾊﾞｯｸﾞ": ["バッ", "ッグ"],
    "𠮷野家": ["𠮷野", "野家"],
    "T恤": ["t", "恤"],
    "กระเป๋า": ["กระ", "ระเ", "ะเป๋", "เป๋", "ป๋า"],
    "အိတ်": ["အိတ်"],
    "កាបូប": ["កាបូ", "បូប"],
    "ราคา ๑๐๐": ["ราค", "าคา", "100"],
    "🧦 3️⃣": ["3"],
}


@pytest.mark.parametrize(("text", "pieces"), CUT.items())
def test_words_keep_the_marks_that_spell_them(text: str, pieces: list[str]) -> None:
    assert words(text) == pieces


NEWER_DIGIT = "\U00010d40"
"""A digit of Unicode 16, which `regex` knows and the older Pythons do not."""


@given(st.text(max_size=200))
@example(NEWER_DIGIT)
def test_any_text_is_cut_into_words_without_spaces(text: str) -> None:
    assert all(word and not any(char.isspace() for char in word) for word in words(text))


@given(st.text(max_size=50))
@example(NEWER_DIGIT)
def test_the_form_in_which_a_text_is_encoded_does_not_matter(text: str) -> None:
    assert words(unicodedata.normalize("NFD", text)) == words(unicodedata.normalize("NFC", text)) == words(text)
