"""Events and lists change a user's row."""

from __future__ import annotations

from collections.abc import Sequence

from streamrec.events.types import Danmaku, Purchase, RowEvent
from streamrec.state.activity import Activity
from streamrec.state.decay import Tally, tally_all
from streamrec.state.effects import EFFECTS
from streamrec.state.meant import NOTHING, Meant
from streamrec.state.user import SHOWN, SHOWN_HALF_LIFE, UserRow, activity
from streamrec.system.clock import DAY_MS

GLANCE_MS = 600_000
"""Lists of one user that come within this time (10 minutes) are taken for seen once: in a lively room every comment makes one."""
GUESS = 0.5
"""Looks that lists which are taken for seen say at most. Before real purchases (UCI Online Retail) lists that nobody saw must not be worse
for it: where they said a whole look, NDCG@10 of a second to sixth list fell by 0.4 to 1.1 %."""


def apply(row: UserRow, event: RowEvent, meant: Meant = NOTHING) -> None:
    """Change `row` by `event`, a danmaku by what is `meant`; events of different times may come in any order."""
    _note(row, event, len(meant.told.items) if isinstance(event, Danmaku) else 1)
    EFFECTS[type(event)].change(row, event, meant)


def show(row: UserRow, visible: Sequence[str], ts: int) -> None:
    """Note that a list was sent at event time `ts`.

    `visible` are the items on it that may be taken for seen; none where impressions tell what was seen.
    """
    row.seq += 1
    row.listed_ts = max(row.listed_ts, ts)
    # A list that comes sooner replaces one that nobody has had the time to look through.
    if visible and ts - row.glanced_ts >= GLANCE_MS:
        row.glanced_ts = ts
        # However many lists hold an item.
        missing = [(item_id, GUESS - _shown(row, item_id, ts)) for item_id in visible]
        tally_all(Tally, row.shown, [(item_id, looks) for item_id, looks in missing if looks > 0], ts, SHOWN_HALF_LIFE, SHOWN)


def _shown(row: UserRow, item_id: str, ts: int) -> float:
    """The looks at an item, as of `ts`."""
    known = row.shown.get(item_id)
    return known.at(ts, SHOWN_HALF_LIFE) if known is not None else 0.0


def _note(row: UserRow, event: RowEvent, told: int) -> None:
    """Note that the account was active and sent `told` signals to items."""
    # Whoever only gives things back does not become a known customer by it.
    if isinstance(event, Purchase) and event.action == "refund":
        return
    row.activity = activity(row) or Activity(event.ts // DAY_MS)
    row.activity.note(event.ts // DAY_MS, told)
