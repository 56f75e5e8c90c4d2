"""Fences against events that were counted already, and how to forget those of a topic that was made again.

Limits give the offset from which on a fence means nothing any more: the topic of that name has other records there now.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from streamrec.state.memory import FencedMemory
from streamrec.state.packing import pack_user, unpack_user
from streamrec.state.user import UserRow


def forget_in_user(raw: bytes, limits: Mapping[str, float]) -> bytes | None:
    """The packed user row without offsets at or beyond the limit of their topic (name without the prefix); None if it has none of these."""
    row = unpack_user(raw)
    if not isinstance(row, UserRow):
        return None
    kept = {topic: offset for topic, offset in row.offsets.items() if offset < limits.get(topic, math.inf)}
    if len(kept) == len(row.offsets):
        return None
    row.offsets = kept
    return pack_user(row)


def forget_in_fences(saved: dict[str, Any], limits: Mapping[str, float], kind: type[FencedMemory]) -> dict[str, Any]:
    """What the mark of a partition remembers, without the fences at or beyond the limit of their source (such as "views-3")."""
    memory = kind.load(saved)
    kept = {source: fence for source, fence in memory.fences.items() if fence.offset < limits.get(_of_topic(source), math.inf)}
    return saved if len(kept) == len(memory.fences) else replace(memory, fences=kept).saved()


LATE = "~"
"""Between a topic and the id of the schema for which some of its events have waited; no name of a topic holds it."""


def late_source(topic: str, schema_id: int) -> str:
    """Stands for the topic in the signals of events that have waited for that schema."""
    return f"{topic}{LATE}{schema_id}"


def _of_topic(source: str) -> str:
    """The source without the schema that its events have waited for, such as "views-3" for "views~7-3"."""
    name, _, number = source.rpartition("-")
    return f"{name.partition(LATE)[0]}-{number}"
