"""A gold set in the making: comments of a file, one after the other, and what a person says of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamrec.errors import InputError
from streamrec.events.speech import Intent, Sentiment
from streamrec.understanding.judge import INTENTS, SENTIMENTS

BEFORE = 3
"""How many comments of the same room are shown before the one that is asked about."""
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Context:
    """What a comment is read in: the comments before it in its room, and the host's last words."""

    before: list[str]
    said: str = ""


class GoldSet:
    """The labels of one person for the comments of a file, on disk after each one. Opening it anew goes on where it was left."""

    def __init__(self, comments: Path, out: Path, transcripts: Path | None = None) -> None:
        """Open a file of comments, JSON lines with `text`, and the file that gets them with `labels`.

        Raises:
            InputError: a file cannot be read, or `out` is not of these comments.
        """
        self._comments, self._out = read_records(comments), out
        self._said = {} if transcripts is None else _by_room(read_records(transcripts))
        self._labelled = read_records(out) if out.exists() else []
        for record, labelled in zip(self._comments, self._labelled, strict=False):
            if record["text"] != labelled["text"] or "labels" not in labelled:
                raise InputError(f"{out} does not begin with the comments of {comments}; name another file with --out, or remove it")
        if len(self._labelled) > len(self._comments):
            raise InputError(f"{out} has more comments than {comments}; name another file with --out, or remove it")

    @property
    def done(self) -> int:
        """How many comments have labels."""
        return len(self._labelled)

    def __len__(self) -> int:
        return len(self._comments)

    @property
    def next(self) -> Record | None:
        """The comment that is to be labelled; None where all are."""
        return self._comments[self.done] if self.done < len(self) else None

    def context(self) -> Context:
        """What the next comment is read in."""
        record = self._comments[self.done]
        room, at = record.get("room_id"), time_of(record)
        before = [one["text"] for one in self._comments[: self.done] if one.get("room_id") == room]
        said = [one["text"] for one in self._said.get(room, ()) if at is None or (time_of(one) or 0) <= at]
        return Context(before[-BEFORE:], said[-1] if said and at is not None else "")

    def label(self, intents: list[Intent], sentiment: Sentiment) -> None:
        """Label the next comment, and write that down."""
        known = self._comments[self.done].get("labels")
        labels = {**(known if isinstance(known, Mapping) else {}), "intents": intents, "sentiment": sentiment}
        self._labelled.append({**self._comments[self.done], "labels": labels})
        with self._out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(self._labelled[-1], ensure_ascii=False) + "\n")

    def undo(self) -> bool:
        """Take back the labels of the last comment; False where there is none."""
        if not self._labelled:
            return False
        self._labelled.pop()
        lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in self._labelled)
        beside = self._out.with_name(self._out.name + ".part")
        beside.write_text(lines, "utf-8")
        beside.replace(self._out)
        return True


def time_of(record: Record) -> float | None:
    """When something was written or said: seconds or milliseconds, as its file has them."""
    for name in ("at_s", "ts"):
        if isinstance(value := record.get(name), int | float):
            return value
    return None


def read_records(path: Path) -> list[Record]:
    """JSON objects, each with a `text`.

    Raises:
        InputError: the file cannot be read, or a line is none.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path} cannot be read ({exc}); name a file of JSON lines in UTF-8") from exc
    records = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                record = json.loads(line)
            except ValueError as exc:
                raise InputError(f"{path}, line {number} is no JSON ({exc}); each line is an object with `text` and `room_id`") from exc
            if not isinstance(record, dict) or not isinstance(record.get("text"), str):
                raise InputError(f"{path}, line {number} has no `text`; each line is an object with `text` and `room_id`")
            records.append(record)
    return records


def _by_room(records: list[Record]) -> dict[Any, list[Record]]:
    rooms: dict[Any, list[Record]] = {}
    for record in records:
        rooms.setdefault(record.get("room_id"), []).append(record)
    return rooms


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two people agree on the same comments."""

    comments: int
    kappas: dict[str, float | None]
    """By label; `sentiment` is of the three together. None where neither ever gave a label."""
    apart: list[tuple[str, Record, Record]]
    """The text, and the labels of both, where they differ."""


def agreement(first: Path, second: Path) -> Agreement:
    """Compare the labels that two people gave to the comments which both have labelled.

    Raises:
        InputError: a file cannot be read, or they have no comment in common.
    """
    pairs = list(_pairs(first, second))
    if not pairs:
        raise InputError(f"{first} and {second} have no comment in common; label the same file, the second time with --second")
    labels = [(one["labels"], other["labels"]) for one, other in pairs]
    kappas: dict[str, float | None] = {}
    for intent in INTENTS:
        kappas[intent] = kappa([(intent in one["intents"], intent in other["intents"]) for one, other in labels])
    kappas["sentiment"] = kappa([(one["sentiment"], other["sentiment"]) for one, other in labels])
    apart = [
        (one["text"], one["labels"], other["labels"])
        for one, other in pairs
        if set(one["labels"]["intents"]) != set(other["labels"]["intents"]) or one["labels"]["sentiment"] != other["labels"]["sentiment"]
    ]
    return Agreement(len(pairs), kappas, apart)


def kappa(pairs: list[tuple[object, object]]) -> float | None:
    """Cohen's kappa: the share of pairs that are equal, beyond what chance gives; None where chance alone makes all equal."""
    values = {value for pair in pairs for value in pair}
    equal = sum(one == other for one, other in pairs) / len(pairs)
    chance = sum(sum(one == value for one, _ in pairs) * sum(other == value for _, other in pairs) for value in values) / len(pairs) ** 2
    return None if chance >= 1 else (equal - chance) / (1 - chance)


def _pairs(first: Path, second: Path) -> Iterator[tuple[Record, Record]]:
    # Both go through the same file in its order, one perhaps not to its end.
    for number, (one, other) in enumerate(zip(_gold(first), _gold(second), strict=False), 1):
        if one["text"] != other["text"]:
            raise InputError(
                f"line {number} of {first} and {second} are different comments; label the same file, the second time with --second"
            )
        yield one, other


def _gold(path: Path) -> list[Record]:
    records = read_records(path)
    for number, record in enumerate(records, 1):
        labels = record.get("labels")
        if not isinstance(labels, Mapping) or not isinstance(labels.get("intents"), list) or labels.get("sentiment") not in SENTIMENTS:
            raise InputError(f"{path}, line {number} has no labels; make the file with `streamrec label`")
    return records
