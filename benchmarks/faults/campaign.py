"""A campaign: trials one after the other, their results kept per version of the engine and added up."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ENGINE = ("streamrec/contract", "streamrec/engine", "streamrec/kafka", "streamrec/worker", "streamrec/state", "streamrec/events")
"""Whether an event counts is decided by what reads it, too: its codec, its route, its dead letter."""
SUMS = (
    "injections", "events", "lost", "applied_twice", "lists_missing", "lists_unexpected", "lists_repeated", "commits_behind",
    "dead_letters_missing", "dead_letters_unexpected", "erased_present", "stats_behind", "went_back", "fenced_rows",
)  # fmt: skip
ZEROS = (
    "lost", "applied_twice", "lists_missing", "lists_unexpected", "commits_behind", "dead_letters_missing", "dead_letters_unexpected",
    "erased_present", "stats_behind", "went_back", "fenced_rows", "unchecked",
)  # fmt: skip
"""What must be zero; unchecked are trials that could not be brought to their check."""

Row = dict[str, Any]


def engine_version() -> str:
    """A digest of the engine's sources: results of other sources say nothing of these."""
    digest = hashlib.sha256()
    for folder in ENGINE:
        for file in sorted((ROOT / folder).rglob("*.py")):
            digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def load(file: Path, engine: str) -> list[Row]:
    """The results that were kept for a version of the engine."""
    lines = file.read_text().splitlines() if file.exists() else []
    return [row for row in map(json.loads, lines) if row["engine"] == engine]


def keep(file: Path, row: Row) -> None:
    """Add a result to a file; several campaigns may share it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        handle.write(json.dumps(row) + "\n")


def total(rows: Sequence[Row]) -> Row:
    """The results added up, whole and by scenario."""
    by_scenario = {name: _sum([row for row in rows if row["scenario"] == name]) for name in sorted({row["scenario"] for row in rows})}
    failures = [f"{row['scenario']} (seed {row['seed']}): {failure}" for row in rows for failure in row["failures"]]
    return {**_sum(rows), "by_scenario": by_scenario, "failures": failures}


def good(summary: Row) -> bool:
    """Whether all that must be zero is, and nothing else went wrong."""
    return not any(summary[name] for name in ZEROS) and not summary["failures"]


def least_tried(names: Sequence[str], done: Sequence[Row]) -> tuple[str, int]:
    """The scenario that was tried least, and how often it was."""
    tried = Counter(row["scenario"] for row in done)
    name = min(names, key=lambda one: (tried[one], names.index(one)))
    return name, tried[name]


def _sum(rows: Sequence[Row]) -> Row:
    exits: Counter[str] = Counter()
    spoilt: Counter[str] = Counter()
    for row in rows:
        exits.update(row["exits"])
        spoilt.update(row["spoilt"])
    recoveries = sorted(seconds for row in rows for seconds in row["recoveries_s"])
    return {
        "trials": len(rows),
        "unchecked": sum(not row["checked"] for row in rows),
        **{name: sum(row[name] for row in rows) for name in SUMS},
        "worst_recovery_s": recoveries[-1] if recoveries else None,
        "median_recovery_s": recoveries[len(recoveries) // 2] if recoveries else None,
        "exits": dict(sorted(exits.items())),
        "spoilt": dict(sorted(spoilt.items())),
    }
