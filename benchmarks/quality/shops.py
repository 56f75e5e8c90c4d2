"""The shops that are measured: real purchases in several forms of listing, and reviews of another shop."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.quality.modes import REPEATS
from benchmarks.quality.periods import Period, ms
from benchmarks.quality.plan import Data
from streamrec.bert.blends import file_name, read_blend
from streamrec.datasets.amazon import read_reviews
from streamrec.datasets.lines import write_lines
from streamrec.errors import InputError, ModelError
from streamrec.events.files import read_lines

CATEGORY = "Industrial_and_Scientific"


@dataclass(slots=True)
class Shipped:
    """The blends of a model's folder that may be measured, as `Data` names them, and why others may not."""

    blends: tuple[tuple[str, str, Path], ...]
    notes: list[str]


def file(folder: Path, kind: str) -> Path:
    """items.jsonl or events.jsonl of a folder, or .gz.

    Raises:
        InputError: there is neither.
    """
    for path in (folder / f"{kind}.jsonl", folder / f"{kind}.jsonl.gz"):
        if path.exists():
            return path
    raise InputError(f"{folder} has no {kind}.jsonl or {kind}.jsonl.gz; make them with `streamrec dataset uci`")


def shipped(model: Path, periods: Sequence[Period]) -> Shipped:
    """The model's own blends, for the periods of whose orders they saw none."""
    blends, notes = [], []
    for mode, repeats in REPEATS.items():
        path = model / file_name(repeats, "bert")
        if not path.is_file():
            notes.append(f"{mode}: the model folder has no blend of its own")
            continue
        try:
            seen = ms(date.fromisoformat(str(read_blend(path)[1].trained["until"])))
        except (ModelError, KeyError, ValueError) as exc:
            notes.append(f"{mode}: the blend of the model folder is left out ({exc})")
            continue
        blends += [(mode, period.name, path) for period in periods if period.since >= seen]
    return Shipped(tuple(blends), notes)


def amazon(folder: Path, work: Path, model: Path) -> Data:
    """The prepared reviews as one shop: the rows of test.csv are measured, those of valid.csv learned from. No model has seen any."""
    reviews = read_reviews(folder, CATEGORY)
    work = work / "amazon"
    work.mkdir(parents=True, exist_ok=True)
    items, events = work / "items.jsonl", work / "events.jsonl"
    write_lines(items, reviews.items)
    write_lines(events, reviews.events())
    until = max(json.loads(line)["ts"] for _, line in read_lines(events)) + 1
    period = Period("test", reviews.test_from, until, reviews.valid_from)
    return Data("amazon", items, events, work, model, (period,))
