"""Ways to write Chinese so that people read it and programs do not, applied by program."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import regex

from streamrec.understanding import characters
from streamrec.understanding.characters import syllables

HOMOPHONES, MARKS, SPELLED = 0.5, 0.5, 0.3
"""The share of the characters that become others of the same sound, that a mark follows, and that are written in letters."""
MISHEARD = 0.1
"""The share of the characters that a recogniser of speech takes for others of the same sound."""
SIGNS = ("\u200b", "·", "*", ".", "~")
_HAN = regex.compile(r"\p{Han}")
# The characters of the first level of GB 2312, which are those of everyday texts, are sorted by their first byte.
_FIRST, _LAST = 0xB0, 0xD7

Attack = Callable[[str, random.Random], str]


def has_han(text: str) -> bool:
    """Whether the text has a Chinese character."""
    return _HAN.search(text) is not None


def homophones(text: str, dice: random.Random, share: float = HOMOPHONES) -> str:
    """Chinese characters become others that sound alike, tones aside, with the chance `share`."""
    return "".join(_other(character, dice) if has_han(character) and dice.random() < share else character for character in text)


def marks(text: str, dice: random.Random) -> str:
    """Marks stand between Chinese characters, some of them invisible."""
    between = (has_han(first) and has_han(second) and dice.random() < MARKS for first, second in pairwise(text))
    return "".join(first + (dice.choice(SIGNS) if put else "") for first, put in zip(text, between, strict=False)) + text[-1:]


def traditional(text: str, dice: random.Random) -> str:
    """Traditional characters, of several the commonest."""
    return text.translate(characters.traditional())


def spelled(text: str, dice: random.Random) -> str:
    """Some Chinese characters are written as their pinyin, without tones."""
    return "".join(syllables(character)[0] if has_han(character) and dice.random() < SPELLED else character for character in text)


def misheard(text: str, dice: random.Random) -> str:
    """What a recogniser of speech may write."""
    return homophones(text, dice, MISHEARD)


ATTACKS: dict[str, Attack] = {"homophones": homophones, "marks": marks, "traditional": traditional, "pinyin": spelled}


def _other(character: str, dice: random.Random) -> str:
    alike = [other for other in _by_sound()[syllables(character)[0]] if other != character]
    return dice.choice(alike) if alike else character


@cache
def _by_sound() -> dict[str, list[str]]:
    """The everyday characters by syllable."""
    codes = (bytes([first, second]) for first in range(_FIRST, _LAST + 1) for second in range(0xA1, 0xFF))
    found = defaultdict[str, list[str]](list)
    for character in (code.decode("gb2312", "ignore") for code in codes):
        if character:
            found[syllables(character)[0]].append(character)
    return found
