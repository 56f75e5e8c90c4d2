"""The files of a shop, checked before anything is trained on them, and the times that its orders are divided by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from streamrec.errors import InputError
from streamrec.evaluation.replay import read_timeline
from streamrec.events.files import read_items
from streamrec.events.types import Purchase
from streamrec.system.clock import DAY_MS

HISTORY = 0.25
"""Share of the time from the first to the last order that is history only: before any order is known, no list can be good."""
CHECKED = 0.2
"""Share of the orders behind the history, the last ones, that the new blends are checked on."""
LEAST_ORDERS = 100
"""Behind the history. A fifth of them judges: with fewer than twenty lists the judgement is chance."""


@dataclass(frozen=True, slots=True)
class Shop:
    """Items and events of a shop. Lists are made before every order from `since` on, up to `until` (ms, the end excluded); orders from
    `checked_from` on are not trained on until the blends have been checked.

    `unlisted` is the share of what was bought that is not among the items.
    """

    items: Path
    events: Path
    listed: int
    viewers: int
    orders: int
    unlisted: float
    since: int
    checked_from: int
    until: int


def read_shop(items: Path, events: Path, since: int | None = None, until: int | None = None) -> Shop:
    """Read both files; a time that is not given follows from the orders.

    Raises:
        InputError: a file is malformed, what was bought is not among the items, or there are too few orders.
    """
    listed = {item.item_id for item in read_items(items)}
    if not listed:
        raise InputError(f"{items} has no items; give a file with one JSON object a line, as docs/producing-events.md describes them")
    bought = [line for line in read_timeline(events) if isinstance(line.event, Purchase) and line.event.action == "purchase"]
    purchases = [
        (line.number, line.event) for line in bought if isinstance(line.event, Purchase) and (until is None or line.event.ts < until)
    ]
    if not purchases:
        before = f" before {_moment(until)}" if until is not None else ""
        raise InputError(f'{events} has no purchases{before}; a blend learns from lines with "topic": "purchases" and "action": "purchase"')
    known = [(number, purchase) for number, purchase in purchases if purchase.item_id in listed]
    if not known:
        raise InputError(
            f"nothing that was bought in {events} is among the {len(listed)} items of {items}: ids must be the same in both "
            f"(bought: {purchases[0][1].item_id!r}, listed: {min(listed)!r})"
        )
    first, last = int(known[0][1].ts), int(known[-1][1].ts)
    until = last // DAY_MS * DAY_MS + DAY_MS if until is None else until
    since = first + int(HISTORY * (last - first)) if since is None else since
    # The first purchase of each order, as lists are made before that.
    begun: dict[tuple[str, str], int] = {}
    for number, purchase in known:
        begun.setdefault((purchase.user_id, purchase.order_id or f"line {number}"), int(purchase.ts))
    within = sorted(ts for ts in begun.values() if since <= ts < until)
    if len(within) < LEAST_ORDERS:
        raise InputError(
            f"{len(within)} orders from {_moment(since)} to {_moment(until)} are too few to train and check a blend, {LEAST_ORDERS} are "
            "needed; give more orders, or begin earlier with --from. Until there are more, `--blend-for never` ranks by the plain blend"
        )
    return Shop(
        items=items,
        events=events,
        listed=len(listed),
        viewers=len({purchase.user_id for _, purchase in known}),
        orders=len(begun),
        unlisted=1 - len(known) / len(purchases),
        since=since,
        checked_from=within[int((1 - CHECKED) * len(within))],
        until=until,
    )


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(" ", "minutes").removesuffix("+00:00")
