"""The stock of what is said in made-up rooms, one file for each language in `words/`: lines of hosts and of viewers, kinds of things."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Literal

from msgspec import Struct, convert

from streamrec.events.types import Item

Language = Literal["en", "zh"]
Sort = Literal["any", "wear", "eat", "use"]
"""What a question fits: nobody asks how a mug fits."""
How = Literal["on_air", "number", "kind", "before", "none"]
"""How a comment refers to an item."""

WORDS = Path(__file__).parent / "words"
SLIP = 0.15
"""Chance that a character or word with a twin of the same sound is mistaken for it, in a segment that is misheard. Not measured."""
SAME_SOUND = "same"


class Kind(Struct, frozen=True):
    """A kind of things: what viewers call one, where it is sold, and what is asked about it."""

    names: list[str]
    department: str = ""
    sort: Sort = "use"


class Words(Struct, frozen=True):
    """Everything that is said in one language. `comments` is by what a comment wants, by sort, and by how it refers to an item."""

    kinds: dict[str, Kind]
    sounds: dict[str, list[str]]
    host: dict[str, list[str]]
    comments: dict[str, dict[Sort, dict[How, list[str]]]]
    bursts: dict[str, list[str]]
    dress: dict[str, list[str]]

    def kind_of(self, item: Item) -> str | None:
        """The key of an item's kind: its category, or the last word of its title that is one."""
        if item.category in self.kinds:
            return item.category
        found = None
        for word in item.title.lower().replace(",", " ").split():
            if word == "with":
                break
            found = word if word in self.kinds else found
        return found

    def fitting(self, wants: str, sort: Sort) -> dict[How, list[str]]:
        """The comments that want this of such a thing, by how they refer to it."""
        by_sort, found = self.comments[wants], dict[How, list[str]]()
        fits: tuple[Sort, ...] = ("any", sort)
        for one in fits:
            for how, lines in by_sort.get(one, {}).items():
                found[how] = found.get(how, []) + lines
        return found


@cache
def words(language: Language) -> Words:
    """The words of a language, read once."""
    return convert(_lines(tomllib.loads((WORDS / f"{language}.toml").read_text("utf-8"))), Words)


def slip(dice: Random, language: Language, text: str, chance: float = SLIP) -> str:
    """The text with some characters (words, where there are blanks between them) mistaken for others of the same sound."""
    twins, between = _twins(language), "" if language == "zh" else " "
    parts = list(text) if language == "zh" else text.split(" ")
    return between.join(dice.choice(twins[part]) if part in twins and dice.random() < chance else part for part in parts)


def language_of(item: Item) -> Language:
    """The language that an item is sold in: its `lang`, or what its title is written in."""
    if item.lang in ("en", "zh"):
        return item.lang  # type: ignore[return-value]
    return "zh" if any("一" <= letter <= "鿿" for letter in item.title) else "en"


@cache
def _twins(language: Language) -> Mapping[str, list[str]]:
    """The others of the same sound."""
    groups = [line.split() for line in words(language).sounds[SAME_SOUND]]
    return {part: [other for other in group if other != part] for group in groups for part in group}


def _lines(part: Any) -> Any:
    """Blocks of text as lists of their lines; a blank at the beginning of a line counts."""
    if isinstance(part, dict):
        return {name: _lines(inner) for name, inner in part.items()}
    if isinstance(part, str) and "\n" in part:
        return [line for line in part.split("\n") if line]
    return part
