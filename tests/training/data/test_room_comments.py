"""The written comments of live rooms: every line can be read, has legal labels and stands once."""

import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

import streamrec.training.data
from streamrec.events.speech import Intent, Sentiment

FOLDER = Path(streamrec.training.data.__file__).parent / "room_comments"
FILES = sorted(FOLDER.glob("*.tsv"))
DOMAINS = {
    *("clothing", "shoes_bags", "beauty", "jewellery", "food", "fresh", "baby", "pets", "kitchen", "appliances", "digital", "home"),
    *("books_toys", "sports_outdoor", "health", "plants_crafts", "general"),
}


def rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]


def bare(text: str) -> str:
    """The letters, marks and numbers of a text, or all of it where it has none."""
    return "".join(mark for mark in unicodedata.normalize("NFKC", text).lower() if unicodedata.category(mark)[0] in "LMN") or text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_line_has_a_text_a_language_legal_labels_and_a_domain(path: Path) -> None:
    for row in rows(path):
        text, lang, intents, sentiment, domain = row
        assert text, row
        assert text == text.strip(), row
        assert re.fullmatch("[a-z]{2}", lang), row
        chosen = intents.split(",")
        assert set(chosen) <= set(get_args(Intent)), row
        assert len(chosen) == len(set(chosen)), row
        assert sentiment in get_args(Sentiment), row
        assert domain in DOMAINS, row


def test_no_comment_stands_twice() -> None:
    texts = [(row[1], bare(row[0])) for path in FILES for row in rows(path)]
    assert len(texts) == len(set(texts))


def test_who_wants_and_does_not_complain_is_glad_who_complains_is_not() -> None:
    for path in FILES:
        for row in rows(path):
            intents = row[2].split(",")
            if "complaint" in intents:
                assert row[3] == "negative", row
            elif "want" in intents or intents == ["praise"]:
                assert row[3] == "positive", row
            elif "spam" in intents:
                assert row[3] == "neutral", row


def test_the_readme_counts_what_the_files_hold() -> None:
    held = Counter(row[1] for path in FILES for row in rows(path))
    listed = ", ".join(f"{lang} {count:,}" for lang, count in held.most_common())
    readme = " ".join((FOLDER / "README.md").read_text(encoding="utf-8").split())
    assert f"{held.total():,} comments: {listed}." in readme
