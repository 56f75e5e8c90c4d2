"""The language of a comment: its script decides, for Latin letters its commonest words, and the language that the event tells is a hint."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import regex

from streamrec.understanding.normalise import Normal

UNKNOWN = "und"
# By script the languages that write it; the first is the commonest, another one must be told.
_SCRIPTS = {
    "Han": ("zh", "ja", "yue"),
    "Kana": ("ja",),
    "Hangul": ("ko",),
    "Thai": ("th",),
    "Lao": ("lo",),
    "Khmer": ("km",),
    "Myanmar": ("my",),
    "Devanagari": ("hi", "mr", "ne"),
    "Bengali": ("bn", "as"),
    "Tamil": ("ta",),
    "Telugu": ("te",),
    "Malayalam": ("ml",),
    "Kannada": ("kn",),
    "Gujarati": ("gu",),
    "Gurmukhi": ("pa",),
    "Sinhala": ("si",),
    "Arabic": ("ar", "fa", "ur", "ug", "ps"),
    "Hebrew": ("he", "yi"),
    "Cyrillic": ("ru", "uk", "bg", "sr", "kk", "mn", "be"),
    "Greek": ("el",),
    "Georgian": ("ka",),
    "Armenian": ("hy",),
    "Ethiopic": ("am",),
    "Latin": (),
}
_CLASSES = {name: rf"\p{{Script={name}}}" for name in _SCRIPTS if name != "Kana"} | {"Kana": r"\p{Hiragana}\p{Katakana}"}
_RUNS = regex.compile("|".join(f"(?P<{name}>[{signs}]+)" for name, signs in _CLASSES.items()))
# Letters that of the languages of a script only one writes.
_OWN = {
    "Arabic": (("ur", "ٹڈڑےں"), ("fa", "پچژگ")),
    "Cyrillic": (("uk", "іїєґ"), ("kk", "әғқңұһ")),
}
_LETTERS = {
    "vi": "ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
    "es": "ñ¿¡",
    "pt": "ãõ",
    "de": "äß",
    "tr": "ğış",
    "fr": "œêèàçùû",
    "pl": "ąęłśźżć",
}
_LETTER_OF = {letter: language for language, letters in _LETTERS.items() for letter in letters}
_TOKENS = regex.compile(r"[\p{Latin}\p{M}']+")
_LATIN = frozenset(["en", "es", "pt", "fr", "de", "id", "tr", "vi", "it", "ms", "pl", "nl", "sv", "tl", "ro", "cs"])
_HINT = 0.6
"""What the told language is worth in words that only it knows."""
_LEAST = 0.4
"""With less than that, or no more than that before the next, a language is not told."""
_MARGIN = 0.15


@cache
def _words() -> dict[str, list[tuple[str, float]]]:
    """By word the languages that know it, each with its share of the word."""
    known: dict[str, list[str]] = {}
    for line in (Path(__file__).parent / "languages.txt").read_text("utf-8").splitlines():
        code, _, words = line.partition(": ")
        if not line.startswith("#"):
            for word in set(words.split()):
                known.setdefault(word, []).append(code)
    return {word: [(code, 1.0 / len(codes)) for code in codes] for word, codes in known.items()}


def language(normal: Normal, told: str | None = None) -> str:
    """ISO 639 of the language, "und" where it cannot be told. `told` counts among the languages of the script."""
    hint = told.split("-")[0].lower() if told else None
    letters = Counter[str]()
    for match in _RUNS.finditer(normal.text):
        # A character of Chinese says as much as a word of three letters.
        letters[str(match.lastgroup)] += len(match[0]) * (3 if match.lastgroup in ("Han", "Kana", "Hangul") else 1)
    if not letters:
        return UNKNOWN
    # Links, brands and sizes are written in Latin letters within any other script.
    script = max(letters, key=lambda name: (letters[name] * (0.34 if name == "Latin" else 1.0), name))
    if letters["Kana"] and script == "Han":
        script = "Kana"
    if script == "Latin":
        return _latin(normal, hint)
    known = _SCRIPTS[script]
    if hint in known:
        return str(hint)
    return next((code for code, own in _OWN.get(script, ()) if any(letter in own for letter in normal.text)), known[0])


def _latin(normal: Normal, hint: str | None) -> str:
    scores = defaultdict[str, float](float)
    if hint is not None and hint in _LATIN:
        scores[hint] = _HINT
    known = _words()
    for token in _TOKENS.findall(normal.text):
        for code, weight in known.get(token, ()):
            scores[code] += weight
    for letter in normal.text:
        if not letter.isascii() and letter in _LETTER_OF:
            scores[_LETTER_OF[letter]] += 1.0
    best, *others = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])) or [(UNKNOWN, 1.0)]
    return best[0] if best[1] >= _LEAST and all(best[1] - other >= _MARGIN for _, other in others) else UNKNOWN
