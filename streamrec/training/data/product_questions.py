"""Questions with candidates and which of them answer: product-qa (CDLA-Sharing-1.0), and the questions written for rooms."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import regex

from streamrec.errors import InputError
from streamrec.events.speech import Intent
from streamrec.events.types import Item
from streamrec.understanding.answers.asked import Asked, Said
from streamrec.understanding.answers.candidates import Candidate, candidates
from streamrec.understanding.answers.lexicon import lexicon
from streamrec.understanding.answers.terms import Reading
from streamrec.understanding.normalise import normalise

ROOM_QUESTIONS = Path(__file__).with_name("room_questions") / "products.jsonl"
_WORD = regex.compile(r"\"((?:[^\"\\]|\\.)*)\"|'([^']*)'|([\w.+-]+)(?=\s*:)?")
_NAME = regex.compile(r"([A-Za-z_]\w*)\s*:(?=[\s\[{'\"\w-])")
_FRAME = frozenset({"value", "unit", "normalized_value", "standardized_values", "string_value", "decimal_value", "language_tag"})


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what may answer it, and for each candidate whether it does."""

    group: str
    """What is held out together: the product."""
    reading: Reading
    title: Reading | None
    intents: Sequence[Intent]
    candidates: Sequence[Candidate]
    right: Sequence[bool]
    asked: Asked | None = None
    """The question with all that it may be answered from, where it was asked in a room."""


def attribute(text: str) -> Candidate:
    """A candidate of an attribute as product-qa writes it: name:  { unit:pounds, value:1.6 }."""
    name, _, told = text.partition(":")
    inner = [part for part in _NAME.findall(told) if part not in _FRAME]
    values = [next(filter(None, groups)) for groups in _WORD.findall(_NAME.sub(" ", told)) if any(groups)]
    key = " ".join([name, *dict.fromkeys(inner)]).replace("_", " ")
    value = " ".join(dict.fromkeys(value.replace("_", " ") for value in values))
    body = _reading(value)
    kinds = lexicon().kinds_of_key(name) or frozenset().union(*map(lexicon().kinds_of_key, inner)) or body.tells
    return Candidate("catalogue", name, value, 0, kinds, _reading(key), body)


def sentence(text: str) -> Candidate:
    """A candidate of a sentence of a description or a review."""
    body = _reading(text)
    return Candidate("catalogue", "description", text, 0, body.tells, None, body)


def semi_structured(path: Path) -> Iterator[Question]:
    """Questions about attributes (semiPQA/attribute_ranking)."""
    for rows in _by_question(_rows(path, "\t")):
        yield Question(
            f"semi:{rows[0]['qid']}",
            _reading(rows[0]["question"]),
            None,
            ["ask_quality"],
            [attribute(row["candidate"]) for row in rows],
            [row["label"] == "1" for row in rows],
        )


def heterogeneous(path: Path) -> Iterator[Question]:
    """Questions about attributes, descriptions and reviews (hetPQA/evidence_ranking, ePQA). What only helps (label 1 of ePQA) is none."""
    comma = "ePQA" in str(path)
    for rows in _by_question(_rows(path, "," if comma else "\t")):
        yield Question(
            f"het:{rows[0]['ASIN']}",
            _reading(rows[0]["question"]),
            _reading(rows[0]["title"]) if rows[0].get("title") else None,
            ["ask_quality"],
            [attribute(row["candidate"]) if row["source"] == "attribute" else sentence(row["candidate"]) for row in rows],
            [row["label"] == ("2" if comma else "1") for row in rows],
        )


def pairs(folder: Path) -> Iterator[tuple[Reading, Candidate]]:
    """Questions or sentences with the attribute that they are about (hetPQA/answer_generation, semiPQA/data-to-text)."""
    for row in _rows(folder / "hetPQA/answer_generation/train.csv.gz", "\t"):
        if row["source"] == "attribute":
            yield _reading(row["question"]), attribute(row["candidate"])
    for row in _rows(folder / "semiPQA/data-to-text/train.csv.gz", "\t"):
        yield _reading(row["text"]), attribute(row["data"])


def of_rooms(path: Path = ROOM_QUESTIONS) -> Iterator[Question]:
    """The questions written for rooms. All that the host says was said before."""
    for line in path.read_text("utf-8").splitlines():
        product = json.loads(line)
        item = msgspec.convert(product["item"], Item)
        said = [Said(f"host:{at}", at * 30_000, text, item.item_id) for at, text in enumerate(product["said"])][::-1]
        for text, intent, right in product["questions"]:
            asked = Asked(normalise(text), "und", [intent], item, said)
            found = candidates(asked)
            yield Question(
                item.item_id, Reading(asked.normal), _reading(item.title), [intent], found, [one.field in right for one in found], asked
            )


def _rows(path: Path, delimiter: str) -> Iterator[dict[str, str]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines, delimiter=delimiter)
    except OSError as exc:
        raise InputError(f"{path} cannot be read: {exc}; give the folder of product-qa") from exc


def _by_question(rows: Iterator[dict[str, str]]) -> list[list[dict[str, str]]]:
    groups: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        groups.setdefault(row["qid"], []).append(row)
    return list(groups.values())


def _reading(text: str) -> Reading:
    return Reading(normalise(text))
