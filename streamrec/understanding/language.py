"""The language of a comment."""

from __future__ import annotations

import regex

from streamrec.understanding.normalise import Normal

_HAN = regex.compile(r"\p{Han}")


def language(normal: Normal, told: str | None = None) -> str:
    """The language (ISO 639) of a text, or "und"."""
    return told or ("zh" if _HAN.search(normal.text) else "und")
