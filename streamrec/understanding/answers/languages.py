"""The languages of answers. Each file in `words/` is one: what it takes to recognise a question, and the sentences that answer it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from streamrec.system.languages import languages_of, read_language

WORDS = Path(__file__).with_name("words")
LANGUAGES = languages_of(WORDS)
"""ISO 639 codes."""
DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """What a language file holds; the tables are explained in `words/zh.toml`."""

    name: str
    says: dict[str, str]
    names: dict[str, str]
    currencies: dict[str, str]
    wants: dict[str, list[str]]
    units: dict[str, list[str]]
    cues: dict[str, list[str]]
    colours: dict[str, list[str]]
    idle: dict[str, list[str]]
    kinds: dict[str, dict[str, list[str]]] = field(default_factory=dict)


@cache
def words(language: str) -> Words:
    """The words of a language.

    Raises:
        StreamrecError: it is none of LANGUAGES.
    """
    return Words(**read_language(WORDS, language, LANGUAGES, "answers"))


def spoken(*wanted: str | None) -> str:
    """The first language that has words; else English. A subtag is passed over: zh-TW is Chinese."""
    for language in wanted:
        if language and (code := language.partition("-")[0].lower()) in LANGUAGES:
            return code
    return DEFAULT
