"""The languages of reasons. Each file in `words/` is one: commands, page and tests find it by its name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from streamrec.system.languages import languages_of, read_language

WORDS = Path(__file__).with_name("words")
LANGUAGES = languages_of(WORDS)
"""ISO 639 codes."""
if TYPE_CHECKING:
    Language = str
else:
    Language = Literal[LANGUAGES]
    """What commands offer as a choice."""
DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """A language: its own name, a sentence for each code, and the longer one that is said where its facts are known."""

    name: str
    sentences: dict[str, str]
    with_facts: dict[str, str]
    asked: dict[str, str]
    """What was asked about an item, by aspect, as it stands in a sentence."""
    praised: dict[str, str]
    """The same of what viewers praise about it."""


@cache
def words(language: Language = DEFAULT) -> Words:
    """The sentences of a language.

    Raises:
        StreamrecError: it is none of LANGUAGES.
    """
    return Words(**read_language(WORDS, language, LANGUAGES, "sentences"))
