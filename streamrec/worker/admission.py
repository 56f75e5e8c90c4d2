"""Which events come to a user's row at all."""

from __future__ import annotations

from typing import Literal

from streamrec.events.types import RowEvent
from streamrec.state.erasures import UserRows, find
from streamrec.state.repeats import is_repeat
from streamrec.state.user import UserRow


def row_of(rows: UserRows, user_id: str, ts: int) -> UserRow:
    """The row of a user. A new row, for a user first seen at `ts`, remembers if the same person was erased before."""
    row = rows.get(user_id.encode())
    if row is None:
        erased = find(rows.get, user_id)
        return UserRow(seq=erased.seq, not_before=erased.ts, since=ts) if erased else UserRow(since=ts)
    assert isinstance(row, UserRow)
    return row


def admit(rows: UserRows, event: RowEvent) -> UserRow | Literal["erased", "repeated"]:
    """The row to which the event is to be applied, a new one for a new user, or why the event is dropped.

    "erased": the event is not younger than the user's erasure. "repeated": the user already sent this event_id.
    """
    row = row_of(rows, event.user_id, event.ts)
    if row.not_before and event.ts <= row.not_before:
        return "erased"
    if event.event_id is not None and is_repeat(row.event_ids, event.event_id):
        return "repeated"
    return row
