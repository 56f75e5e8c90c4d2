"""Labelled comments of live rooms: those that ship, written for training, and the owner's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrec.errors import InputError
from streamrec.events.speech import Intent, Sentiment
from streamrec.understanding.judge import INTENTS, LABELS, SENTIMENTS
from streamrec.understanding.language import language
from streamrec.understanding.normalise import Normal, normalise

EVERYWHERE = "general"
"""The domain of packaged comments that fit any room."""
PARTS = 10
PACKAGED = Path(__file__).with_name("room_comments")


class _Labels(msgspec.Struct):
    intents: list[Intent]
    sentiment: Sentiment


class _Line(msgspec.Struct):
    """A line of a gold set; other fields are left alone."""

    text: str
    labels: _Labels
    room_id: str = "room"
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Comments:
    """Comments in their normal form, with their languages, what holds of them (n, labels), and the domain or room that each is of."""

    normals: Sequence[Normal]
    langs: Sequence[str]
    right: NDArray[np.float32]
    domains: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.normals)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Comments:
        """Some of them."""
        chosen = np.flatnonzero(rows) if rows.dtype == bool else rows
        return Comments(
            [self.normals[row] for row in chosen], [self.langs[row] for row in chosen], self.right[chosen], self.domains[chosen]
        )

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str | None, Sequence[Intent], Sentiment, str]]) -> Comments:
        """Of texts, each with its language if that is known, its intents, its sentiment and its domain."""
        known = list(rows)
        normals = [normalise(text) for text, *_ in known]
        langs = [language(normal, told) for normal, (_, told, *_) in zip(normals, known, strict=True)]
        right = np.zeros((len(known), len(LABELS)), np.float32)
        for row, (_, _, intents, sentiment, _) in enumerate(known):
            right[row, [INTENTS.index(intent) for intent in intents]] = 1
            right[row, len(INTENTS) + SENTIMENTS.index(sentiment)] = 1
        return cls(normals, langs, right, np.array([domain for *_, domain in known], dtype=np.str_))

    @classmethod
    def joined(cls, parts: Sequence[Comments]) -> Comments:
        """All of several."""
        normals, langs = [normal for part in parts for normal in part.normals], [lang for part in parts for lang in part.langs]
        right, domains = np.concatenate([part.right for part in parts]), np.concatenate([part.domains for part in parts])
        return cls(normals, langs, right, domains)


def packaged() -> Comments:
    """The comments that ship with the package."""
    return Comments.joined([read_table(path) for path in sorted(PACKAGED.glob("*.tsv"))])


def read_table(path: Path) -> Comments:
    """A file of tab-separated lines: text, language, intents with commas between, sentiment, domain.

    Raises:
        InputError: the file is not there, or a line of it is malformed.
    """
    rows: list[tuple[str, str | None, Sequence[Intent], Sentiment, str]] = []
    for number, line in enumerate(_lines(path), 1):
        cells = line.split("\t")
        if len(cells) != 5:
            raise InputError(f"{path}, line {number}: {len(cells)} cells instead of text, language, intents, sentiment and domain")
        text, lang, intents, sentiment, domain = cells
        try:
            labels = msgspec.convert({"intents": intents.split(","), "sentiment": sentiment}, _Labels)
        except msgspec.ValidationError as exc:
            raise InputError(f"{path}, line {number}: {exc}") from exc
        # Comments that fit any room tell nothing of one: they need not be held out together.
        part = f"{domain}/{len(rows) % PARTS}" if domain == EVERYWHERE else domain
        rows.append((text, lang, labels.intents, labels.sentiment, part))
    return Comments.of(rows)


def read_gold(path: Path) -> Comments:
    """A gold set as `streamrec label` writes it: JSON lines with `text` and `labels`. Rooms are domains.

    Raises:
        InputError: the file is not there, a line of it is malformed, or none is labelled.
    """
    rows = []
    decoder = msgspec.json.Decoder(_Line)
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            one = decoder.decode(line)
        except msgspec.MsgspecError as exc:
            raise InputError(f"{path}, line {number} is no labelled comment ({exc}); make the file with `streamrec label`") from exc
        if not one.labels.intents:
            raise InputError(f"{path}, line {number} has no intent; `other` is what a comment has that wants nothing")
        rows.append((one.text, one.lang, one.labels.intents, one.labels.sentiment, f"{path.stem}/{one.room_id}"))
    if not rows:
        raise InputError(f"{path} has no labelled comment; make it with `streamrec label`")
    return Comments.of(rows)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path} cannot be read ({exc}); name a file of labelled comments in UTF-8") from exc
