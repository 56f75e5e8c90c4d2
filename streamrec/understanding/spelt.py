"""Hears Chinese that is spelt in letters: zhege duoshao qian, zhe ge duo shao qian."""

from __future__ import annotations

from collections.abc import Sequence

import regex

from streamrec.understanding.normalise import Normal

_INITIAL = "zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]"
_FINAL = "iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ue|ui|un|uo|ve|a|e|i|o|u|v"
_SPELT = regex.compile(rf"(?<![\p{{Latin}}\p{{N}}'])(?P<syllable>(?:{_INITIAL})?(?:{_FINAL}))+(?![\p{{Latin}}\p{{N}}'])")
_LANGUAGES = frozenset({"zh", "und"})
"""Where letters may be Chinese; others have words that look like syllables."""


def sounds(normal: Normal, lang: str) -> Sequence[str]:
    """The syllables of a text, those that are spelt in letters, too; what is no syllable stands for itself."""
    if lang not in _LANGUAGES:
        return normal.pinyin
    heard: list[str] = []
    end = 0
    for word in _SPELT.finditer(normal.text):
        between = normal.pinyin[end : word.start()]
        # A blank between two syllables is none between two words.
        if heard and end and between == (" ",):
            between = ()
        heard += [*between, *word.captures("syllable")]
        end = word.end()
    return (*heard, *normal.pinyin[end:]) if end else normal.pinyin
