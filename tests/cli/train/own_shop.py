"""A made-up shop whose viewers buy what the plain blend does not expect: each thing once, and always of the kind they like."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.shop import DAY

FIRST = 1_600_000_000_000
KINDS = ("mug", "lamp", "bag", "clock", "rug")


def write_shop(folder: Path, name: str = "own", orders: int = 300, seed: int = 1, like: float = 0.9) -> tuple[Path, Path]:
    """Write items.jsonl and events.jsonl; returns both.

    `like` is the share of what is bought of the kind that the viewer likes; what a viewer has, the viewer does not buy again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    dice = np.random.default_rng(seed)
    items = [
        {"item_id": f"{name}-{number}", "title": f"{KINDS[number % 5]} {number}", "category": KINDS[number % 5], "price": 5 + number % 7}
        | {"currency": "GBP", "created_ts": FIRST - DAY}
        for number in range(100)
    ]
    events, owned = [], [set[int]() for _ in range(50)]
    for order in range(orders):
        viewer = int(dice.integers(50))
        for line in range(2):
            kind = viewer % 5 if dice.random() < like else int(dice.integers(5))
            choice = [number for number in range(kind, 100, 5) if number not in owned[viewer]]
            if not choice:
                continue
            number = int(dice.choice(choice))
            owned[viewer].add(number)
            events.append(
                {"topic": "purchases", "user_id": f"viewer-{viewer}", "item_id": f"{name}-{number}", "order_id": f"order-{order}"}
                | {"ts": FIRST + order * DAY // 5 + line, "price": 5, "currency": "GBP"}
            )
    files = folder / "items.jsonl", folder / "events.jsonl"
    for path, records in zip(files, (items, events), strict=True):
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return files
