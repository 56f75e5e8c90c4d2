"""What a program hands over, checked as what comes from Kafka is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from streamrec.errors import BadEvent
from streamrec.events.codec import decode, encode
from streamrec.events.fields import Id
from streamrec.events.types import DECLARED, Item, Room, Rule

PUT = (Item, Room, Rule)
OBSERVED = tuple(declaration.kind for declaration in DECLARED.values() if declaration.reader in ("users", "rooms"))
_TOPICS = {declaration.kind: topic for topic, declaration in DECLARED.items()}


def checked(call: str, kinds: tuple[type[Struct], ...], record: object, number: int) -> tuple[str, Any, bytes]:
    """The topic of a record, the record as the worker would read it from there, and the bytes that would travel.

    `number` is its place, from 1, among the arguments of the `call`, which takes records of these `kinds`.

    Raises:
        TypeError: it is of another kind.
        BadEvent: a field lies outside its limits.
    """
    if type(record) not in kinds:
        *names, last = (kind.__name__ for kind in kinds)
        unpack = f"; give what is in it as {call}(*records)" if isinstance(record, list | tuple | set | Iterator) else ""
        raise TypeError(f"{call} takes {', '.join(names)} or {last}, not {type(record).__name__}{unpack}")
    assert isinstance(record, Struct)
    topic = _TOPICS[type(record)]
    try:
        value = _encoded(record)
        return topic, decode(topic, value), value
    except BadEvent as bad:
        raise BadEvent(bad.reason, f"{_name(record, number)}: {bad}") from None


def require_id(field: str, value: str) -> None:
    """Raise BadEvent for an id that no event could carry."""
    try:
        msgspec.convert(value, Id)
    except msgspec.ValidationError as exc:
        raise BadEvent("invalid", f"{field}: {exc}; an id is a text of 1 to 128 characters without control characters") from None


def _encoded(record: Struct) -> bytes:
    for field in record.__struct_fields__:
        # JSON has no such numbers: null would travel in their place, and a field that may be left out would silently be so.
        if not all(map(math.isfinite, _numbers(getattr(record, field)))):
            raise BadEvent("invalid", f"a number that is not finite - at `$.{field}`")
    try:
        return encode(record)
    # What msgspec raises depends on what it cannot encode: an object of another library, a number or text beyond JSON, a loop.
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, NotImplementedError, RecursionError) as exc:
        raise BadEvent("invalid", f"a field does not travel as JSON ({exc})") from None


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _numbers(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _numbers(part)


def _name(record: Struct, number: int) -> str:
    """By which its program finds the record. No message repeats who did something: of what viewers did it gives the place alone."""
    kind = type(record).__name__.lower()
    own = getattr(record, f"{kind}_id", None) if isinstance(record, PUT) else None
    return f"{kind} {own!r}" if isinstance(own, str) and 0 < len(own) <= 128 else f"{kind} (record {number} of the call)"
