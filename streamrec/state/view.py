"""Rows for people and JSON: fields by name, items newest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from streamrec.events.fields import EventTime
from streamrec.state import repeats
from streamrec.state.decay import Tally
from streamrec.state.erasures import find
from streamrec.state.item import ItemRow
from streamrec.state.packing import UserState
from streamrec.state.user import UserRow

Row = UserState | ItemRow


def as_data(row: Row) -> dict[str, Any]:
    """All fields of a row by name; of the event ids, which are hashes, only their number."""
    fields: dict[str, Any] = _plain(row)
    if isinstance(row, UserRow):
        fields["event_ids"] = len(row.event_ids) // repeats.SIZE
    return fields


def known(get: Callable[[bytes], UserState | None], user_id: str) -> dict[str, Any]:
    """What the rows behind `get` hold of a user: the `row`, and `erased` if the person asked to be forgotten, or None."""
    row, erased = get(user_id.encode()), find(get, user_id)
    return {
        "user_id": user_id,
        "row": None if row is None else as_data(row),
        "erased": None if erased is None else as_data(erased),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        items = value.items()
        if value and all(isinstance(entry, Tally) for entry in value.values()):
            # The newest tell most to whoever looks.
            items = sorted(items, key=lambda pair: (-pair[1].ts, pair[0]))  # type: ignore[assignment]
        return {key: _plain(entry) for key, entry in items}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, EventTime):
        return int(value)
    return value.hex() if isinstance(value, bytes) else value
