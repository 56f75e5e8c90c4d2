"""Other spellings of a comment that mean the same: homophones, pinyin, signs between characters, runs, other case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from streamrec.understanding.normalise import Normal, normalise

_BETWEEN = (" ", ".", "·", "-", "*", "_", "~", "\u200b")
_AFTER = ("啊", "呀", "哦", "~", "！", "!!", "…", "。", "😂", "🙏", "哈", "呢", " 主播", "。。")
_AFTER_LATIN = ("!", "!!", "...", " pls", " 🙏", " 😂", " lol", "??", "~")


class Disguises:
    """Draws other spellings; homophones are characters that occur in the texts at hand, so that they are common ones."""

    def __init__(self, normals: Sequence[Normal], rng: np.random.Generator) -> None:
        self._rng = rng
        alike: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for normal in normals:
            for char, syllable in zip(normal.text, normal.pinyin, strict=True):
                if char != syllable:
                    alike[syllable][char] = None
        self._alike = {syllable: list(chars) for syllable, chars in alike.items()}

    def __call__(self, normal: Normal) -> Normal:
        """Another spelling of a text, by one way that is drawn."""
        chinese = any(char != syllable for char, syllable in zip(normal.text, normal.pinyin, strict=True))
        ways = (
            (self._homophones, self._spelt, self._apart, self._longer, self._shorter)
            if chinese
            else (self._slip, self._apart, self._longer, self._shorter)
        )
        return normalise(ways[self._rng.integers(len(ways))](normal))

    def _homophones(self, normal: Normal) -> str:
        share = self._rng.uniform(0.2, 0.8)
        return "".join(
            self._pick(self._alike.get(syllable, [char])) if char != syllable and self._rng.random() < share else char
            for char, syllable in zip(normal.text, normal.pinyin, strict=True)
        )

    def _spelt(self, normal: Normal) -> str:
        """Some or all characters in letters, with blanks between the syllables or without."""
        share, blank = (1.0 if self._rng.random() < 0.5 else 0.3), self._pick(["", " "])
        return "".join(
            f"{syllable}{blank}" if char != syllable and self._rng.random() < share else char
            for char, syllable in zip(normal.text, normal.pinyin, strict=True)
        )

    def _apart(self, normal: Normal) -> str:
        """Signs between characters, as those put who hide words from a filter."""
        sign, share = self._pick(_BETWEEN), self._rng.choice([0.3, 1.0])
        return "".join(f"{char}{sign}" if self._rng.random() < share else char for char in normal.text)

    def _longer(self, normal: Normal) -> str:
        """Something at the end that says nothing, or all of it twice."""
        if self._rng.random() < 0.2:
            return f"{normal.raw} {normal.raw}"
        return normal.raw + self._pick(_AFTER if any(map(_is_han, normal.text)) else _AFTER_LATIN)

    def _shorter(self, normal: Normal) -> str:
        """Without signs of punctuation, in small letters."""
        return (
            "".join(char if char.isalnum() or char.isspace() or ord(char) > 0x1F000 else " " for char in normal.text).strip() or normal.raw
        )

    def _slip(self, normal: Normal) -> str:
        """A slip of the finger: two letters swapped, one left out or doubled."""
        text = normal.text
        if len(text) < 4:
            return text
        at = int(self._rng.integers(1, len(text) - 2))
        return (
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
        )[int(self._rng.integers(3))]

    def _pick(self, among: Sequence[str]) -> str:
        return among[int(self._rng.integers(len(among)))]


def _is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"
