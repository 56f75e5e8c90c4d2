"""Rows of state as `streamrec state` prints them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kafka.errors import KafkaError

from streamrec.cli.support.moments import when
from streamrec.errors import SettingsError, StateMismatch, StreamrecError
from streamrec.events.partitioner import partition_of
from streamrec.settings import Settings
from streamrec.state.packing import unpack_item, unpack_room, unpack_user
from streamrec.state.user import ERASED_PREFIX, PARKED_PREFIX, SECRET_KEY
from streamrec.state.view import as_data, known
from streamrec.system.printing import printable

if TYPE_CHECKING:
    from streamrec.engine.store.shelf import Packed, Shelf

FAMILIES: Mapping[str, Callable[[bytes], Any]] = {"user": unpack_user, "item": unpack_item, "room": unpack_room}
"""How the rows of each family of state are read."""
SHOWN = 12
"""Items of each kind in the page of a user, which is to fit on a screen; --json has all."""
KINDS = {"bought": "bought", "seen": "looked at", "named": "wrote about", "wanted": "wants", "refused": "refuses", "shown": "was shown"}


def described(rows: Shelf, user: str, partitions: int) -> dict[str, Any]:
    """What a data folder holds of a user, in the form of the worker's `/state/USER`."""
    number, there = partition_of(user.encode(), partitions), rows.partitions("user")
    if there and there[-1] >= partitions:
        raise SettingsError(f"the folder has a partition {there[-1]}, so there are more than {partitions}; correct --partitions")
    if number not in there:
        return {"partition": number, "here": False, "user_id": user, "row": None, "erased": None}

    def get(key: bytes) -> Any:
        raw = rows.get("user", number, key)
        return None if raw is None else unpack_user(raw)

    return {"partition": number, "here": True, **known(get, user), "saved_ms": rows.saved_ms("user", number)}


def as_line(packed: Packed) -> dict[str, Any]:
    """A row of a data folder for JSON; the key of an erased user is a hash. One that cannot be read says why."""
    family, partition, key, raw = packed
    line: dict[str, Any] = {"family": family, "partition": partition}
    try:
        row = as_data(FAMILIES[family](raw))
        if family != "user":
            return line | {f"{family}_id": key.decode(), "row": row}
        if key == SECRET_KEY:
            return line | {"secret": "not shown", "row": None}
        if key.startswith(ERASED_PREFIX):
            return line | {"erased": key.removeprefix(ERASED_PREFIX).hex(), "row": row}
        if key.startswith(PARKED_PREFIX):
            return line | {"parked": key.removeprefix(PARKED_PREFIX).decode(), "row": row}
        return line | {"user_id": key.decode(), "row": row}
    except (StateMismatch, UnicodeDecodeError) as exc:
        return line | {"key": key.hex(), "unreadable": f"{exc}; see `streamrec state repair`"}


def page(answer: Mapping[str, Any]) -> str:
    """The row of a user for people to read."""
    return "\n".join(map(printable, _lines(answer)))


def _lines(answer: Mapping[str, Any]) -> Iterator[str]:
    yield f"user       {answer['user_id']} (partition {answer['partition']}, {answer['source']})"
    if answer.get("saved_ms") is not None:
        yield f"as of      {when(answer['saved_ms'])}"
    if answer["erased"]:
        yield f"erased     {when(answer['erased']['ts'])}; what was known before is gone"
    row = answer["row"]
    if row is None:
        yield "known      nothing" if answer["here"] else "known      not here"
        return
    yield f"last list  number {row['seq']}, {when(row['listed_ts'])}"
    if row["room_id"]:
        yield f"room       {row['room_id']}, {when(row['room_ts'])}"
    if row["orders"]["count"]:
        mean = math.exp(row["spent"]["count"] / row["orders"]["count"])
        yield f"usually    pays about {mean:.2f}"
    for name, words in KINDS.items():
        yield from _items(words, row[name])
    yield from (f"asked      {when(asked['ts'])}  {item_id}: {asked['about']}" for item_id, asked in row["asked"].items())
    if row["hidden"]:
        yield f"hides      {', '.join(row['hidden'])}"
    yield from (f"wrote      {when(said['ts'])}  {said['text']}" for said in row["said"])
    yield f"waiting    {len(row['waiting'])} triggers without a list yet"
    yield f"event ids  {row['event_ids']} remembered"
    yield f"offsets    {', '.join(f'{topic} {offset}' for topic, offset in row['offsets'].items()) or 'none'}"


def _items(words: str, tallies: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    if not tallies:
        return
    yield f"{words:10} {len(tallies)} items, the newest first"
    for item_id, tally in list(tallies.items())[:SHOWN]:
        yield f"  {when(tally['ts'])}  {tally['count']:8.2f}  {item_id}"
    if len(tallies) > SHOWN:
        yield f"  … {len(tallies) - SHOWN} more; --json has them"


def owner(settings: Settings, partition: int) -> str:
    """Who has a user partition, as far as Kafka can tell: words to go on with after a place where it is not."""
    from streamrec.kafka.admin import admin

    try:
        with admin(settings) as client:
            members = client.describe_groups([settings.app_id])[settings.app_id]["members"]
    except (StreamrecError, KafkaError):
        return "; name the worker that has it with --url"
    for member in members:
        for topic, numbers in _assigned(member):
            if topic == settings.topic("views") and partition in numbers:
                host, name = member["client_host"].lstrip("/"), member["group_instance_id"] or member["member_id"]
                return f": the worker {name} at {host} has it; ask it with --url"
    return f", and no worker of {settings.app_id} has it now"


def _assigned(member: Mapping[str, Any]) -> Iterator[tuple[str, list[int]]]:
    assignment = member["member_assignment"]
    parts = assignment["assigned_partitions"] if isinstance(assignment, Mapping) else getattr(assignment, "assigned_partitions", ())
    for part in parts:
        yield (part["topic"], part["partitions"]) if isinstance(part, Mapping) else (part.topic, list(part.partitions))


def days(ms: int | None) -> str:
    """A span for people."""
    return "as long as the topic is" if ms is None else f"{ms / 86_400_000:g} days"
