"""Makes what others wrote safe for a terminal: nothing in it is obeyed, reorders a line, or begins a line that is not ours."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import msgspec

_BREAKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
_JOINERS = "\u200c\u200d"
"""Invisible, but Indian scripts, Persian and the families among emoji are spelt with them."""


def printable(text: str) -> str:
    """The text on one line: breaks and tabs become spaces, control characters the replacement sign, and invisible signs are left out."""
    # Nearly every text is: the check costs a fraction of looking at each sign.
    return text if text.isprintable() else "".join(map(_shown, text))


def printable_lines(text: str) -> str:
    """`printable` for each line of a text whose line breaks are ours."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))


def json_line(data: Any, *, only_ascii: bool = False) -> str:
    """The data as one line of JSON in which everything is escaped that a terminal would obey, with `only_ascii` also what is not ASCII."""
    try:
        text = msgspec.json.encode(data).decode()
    except UnicodeEncodeError:  # file names that are no UTF-8 are text with lone surrogates
        text = json.dumps(msgspec.to_builtins(data), ensure_ascii=False)
    return escaped(text, only_ascii=only_ascii)


def escaped(line: str, *, only_ascii: bool = False) -> str:
    """The line of JSON with those signs escaped; JSON has them within strings only."""
    if line.isascii() if only_ascii else line.isprintable():
        return line
    return "".join(sign if _stays(sign, only_ascii) else json.dumps(sign)[1:-1] for sign in line)


def _stays(sign: str, only_ascii: bool) -> bool:
    return " " <= sign <= "~" or (not only_ascii and _shown(sign) == sign)


def _shown(sign: str) -> str:
    if sign.isprintable() or sign in _JOINERS:
        return sign
    if sign in _BREAKS:
        return " "
    kind = unicodedata.category(sign)
    return "" if kind == "Cf" else "\N{REPLACEMENT CHARACTER}" if kind in ("Cc", "Cs") else sign
