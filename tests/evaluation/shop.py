"""Little histories, and the lists made of them, as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from streamrec.evaluation.evaluator import Evaluator, FileScores
from streamrec.events.files import read_events, read_items

DAY = 86_400_000
START = 1_300_000_000_000
Wire = dict[str, Any]


def bought(user: str, item: str, ts: int, order: str | None = None, **more: Any) -> Wire:
    wire = {"topic": "purchases", "user_id": user, "item_id": item, "ts": START + ts, "price": 1, "currency": "GBP"}
    return wire | ({"order_id": order} if order else {}) | more


def viewed(user: str, item: str, ts: int, **more: Any) -> Wire:
    return {"topic": "views", "user_id": user, "item_id": item, "ts": START + ts} | more


def ranked(user: str, line: int, items: list[str] | str, topic: str = "purchases", event_id: str | None = None) -> Wire:
    """A list whose trigger is on line `line` of the events, counted from 0."""
    list_id = f"{topic}-0-{line}"
    return {
        "list_id": list_id,
        "user_id": user,
        "trigger": {"topic": topic, "partition": 0, "offset": line, "event_id": event_id or list_id, "ts": START},
        "generated_ts": START,
        "items": [{"item_id": item, "rank": at, "score": 1 / at, "scores": {}, "reasons": []} for at, item in enumerate(items, 1)],
        "model": {"name": "base", "revision": "1", "provider": "CPUExecutionProvider"},
        "weights_version": "1",
        "seq": 1,
        "covers": [[topic, 0, line]],
    }


def item(item_id: str, title: str = "Thing", **more: Any) -> Wire:
    return {"item_id": item_id, "title": title, "price": 1, "currency": "GBP"} | more


def write(path: Path, wires: list[Wire]) -> Path:
    path.write_text("".join(json.dumps(wire) + "\n" for wire in wires))
    return path


def scores(folder: Path, events: list[Wire], lists: list[Wire], items: list[Wire] | None = None, k: int = 10) -> FileScores:
    catalogue = None if items is None else read_items(write(folder / "items.jsonl", items))
    evaluator = Evaluator(read_events(write(folder / "events.jsonl", events)), catalogue, k)
    return evaluator.scores(write(folder / "lists.jsonl", lists))
