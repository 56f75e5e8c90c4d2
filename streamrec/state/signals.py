"""What an event of a user says about items, weighed by how far the account is to be believed."""

from __future__ import annotations

from streamrec.events.types import RowEvent
from streamrec.state.effects import EFFECTS
from streamrec.state.item import Signal
from streamrec.state.meant import Meant
from streamrec.state.standing import standing, weight
from streamrec.state.user import UserRow

Source = tuple[str, int, int]
"""Topic, partition and offset of the event."""


def signals(row: UserRow, event: RowEvent, meant: Meant, source: Source) -> list[tuple[str, Signal]]:
    """The signals (item id, signal) of an event, from the user's row as it was before the event."""
    ts = int(event.ts)
    return [
        (
            said.item_id,
            Signal(
                said.kind,
                ts,
                said.amount * weight(row, said.kind, said.item_id, ts),
                list(said.before),
                *source,
                index,
                list(said.led),
                said.again,
                said.country,
                # Three digits tell apart what an account's days and items can make of it, and keep records short.
                round(standing(row, said.item_id, ts), 3),
                said.nth,
                list(said.voices),
                said.like,
                said.account,
            ),
        )
        for index, said in enumerate(EFFECTS[type(event)].say(row, event, meant))
    ]
