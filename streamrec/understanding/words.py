"""Cuts short texts of any language into comparable pieces: words, and pairs of characters where no spaces are written."""

from __future__ import annotations

import re
import unicodedata

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_RUNS = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_IS_CJK = re.compile(f"[{_CJK}]")


def words(text: str) -> list[str]:
    """Lower-cased words without accents or a plural s; runs of Chinese, Japanese or Korean become overlapping pairs of characters."""
    folded = unicodedata.normalize("NFKD", text.lower())
    folded = unicodedata.normalize("NFC", "".join(char for char in folded if not unicodedata.combining(char)))
    pieces: list[str] = []
    for run in _RUNS.findall(folded):
        if _IS_CJK.match(run):
            pieces += [run[at : at + 2] for at in range(len(run) - 1)] or [run]
        else:
            pieces.append(run[:-1] if len(run) > 3 and run.endswith("s") and not run.endswith("ss") else run)
    return pieces
