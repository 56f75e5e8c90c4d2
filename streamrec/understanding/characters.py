"""What is known of Chinese characters: the simplified form of a traditional one (OpenCC), and how it sounds (pypinyin)."""

from __future__ import annotations

import json
import sys
import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_COMMON = range(0x3400, 0xA000)
"""Extension A and the basic block: characters beyond are no part of titles or comments."""


def syllables(text: str) -> tuple[str, ...]:
    """For each character its commonest syllable without tone (lü is "lv"), or the character itself where it has none."""
    if text.isascii():
        return tuple(text)
    sound = _sounds().get
    return tuple([sound(character, character) for character in text])


@cache
def simplified() -> dict[int, str | int | None]:
    """A table for `str.translate` from traditional to simplified characters."""
    return _converted("TSCharacters.txt")


@cache
def traditional() -> dict[int, str | int | None]:
    """The same from simplified characters to traditional ones, of several the commonest."""
    return _converted("STCharacters.txt")


def _converted(name: str) -> dict[int, str | int | None]:
    lines = (_folder("opencc") / "dictionary" / name).read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if "\t" in line)
    return {ord(character): others.split(" ")[0] for character, others in pairs}


@cache
def _sounds() -> dict[str, str]:
    """By character its syllable. The table is read from its file: importing pypinyin would read all its phrases too."""
    read = json.loads((_folder("pypinyin") / "pinyin_dict.json").read_text("utf-8"))
    plain = cache(_without_tone)
    return {chr(code): plain(sounds.split(",")[0]) for key, sounds in read.items() if (code := int(key)) in _COMMON}


def _without_tone(sound: str) -> str:
    letters = unicodedata.normalize("NFD", sound).replace("u\u0308", "v")
    return sys.intern("".join(filter(str.isalpha, letters)))


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed: pip install streamrec again")
    return Path(spec.origin).parent
