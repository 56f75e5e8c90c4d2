"""A made-up shop of two tastes over a winter, to be measured month by month."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality.periods import Period, ms
from benchmarks.quality.plan import Data
from streamrec.bert.folder import SHIPPED
from streamrec.datasets.listings import first_sales, relist
from streamrec.events.files import read_events
from tests.evaluation.shop import DAY, item, write

BEGIN, MARCH, END = ms(date(2011, 1, 1)), ms(date(2011, 3, 1)), ms(date(2011, 3, 21))
LEARN = MARCH - 25 * DAY
PERIOD = Period("2011-03", MARCH, END, LEARN)
ITEMS, USERS, EACH_DAY, EACH_ORDER = 40, 24, 5, 3
BASELINES = ("popularity", "last-month", "own-history", "fusion")


def purchase(user: int, number: int, ts: int, order: str) -> dict[str, Any]:
    """A line of an order."""
    line = {"topic": "purchases", "user_id": f"u{user}", "item_id": f"i{number}", "ts": ts, "price": 1, "currency": "GBP"}
    return line | {"order_id": order}


def events() -> list[dict[str, Any]]:
    """Orders of every day; users of even numbers buy among the items of even numbers, and every few days another item comes in."""
    dice = np.random.default_rng(0)
    made = []
    for day in range((END - BEGIN) // DAY):
        on_sale = min(ITEMS, 10 + day // 2)
        for at, user in enumerate(dice.choice(USERS, EACH_DAY, replace=False).tolist()):
            liked = np.arange(user % 2, on_sale, 2)
            weights = np.arange(len(liked), 0, -1)
            for number in dice.choice(liked, EACH_ORDER, replace=False, p=weights / weights.sum()):
                made.append(purchase(user, int(number), BEGIN + day * DAY + at * DAY // 10, f"{user}-{day}"))
    return made


def shop(folder: Path, form: str, lines: list[dict[str, Any]] | None = None) -> Data:
    """The shop in a form of listing, as it is measured; `lines` are its events where they are not the usual ones."""
    folder.mkdir(parents=True, exist_ok=True)
    file = write(folder / "events.jsonl", events() if lines is None else lines)
    write(folder / "plain-items.jsonl", [item(f"i{number}", f"{['red', 'blue'][number % 2]} mug {number}") for number in range(ITEMS)])
    work = folder / form
    relist(folder / "plain-items.jsonl", first_sales(line.event for line in read_events(file)), form, work / "items.jsonl")
    return Data(f"toy-{form}", work / "items.jsonl", file, work, SHIPPED, (PERIOD,), baselines=BASELINES, seeds=1)
