"""What the simulator sends: one record for a topic, and what may be expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from streamrec.contract.records import Headers

SIMULATED: Headers = (("streamrec.simulated", b"true"),)
"""Carried by every record that is made up."""
RETIMED: Headers = (("streamrec.retimed", b"true"),)
"""Carried by every real record whose time was changed."""
CHANNEL = "simulated"
"""The `channel` of made-up events, where the type has one."""

_KEYS = {"items": "item_id", "rooms": "room_id"}
_TRIGGERS = ("views", "purchases", "danmaku")


class Message(NamedTuple):
    """A record to send. `topic` is without prefix; `spoilt` names what is wrong with it on purpose."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers = ()
    trigger: bool = False
    spoilt: str | None = None


def message(topic: str, fields: Mapping[str, Any], headers: Headers = ()) -> Message:
    """A well-formed message under the key that its topic asks for."""
    trigger = topic in _TRIGGERS and fields.get("action") != "refund"
    return Message(topic, str(fields[_KEYS.get(topic, "user_id")]).encode(), msgspec.json.encode(fields), headers, trigger)
