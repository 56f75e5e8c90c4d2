"""What the simulator sends: one record for a topic, and what may be expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from streamrec.contract.records import Headers
from streamrec.events.types import DECLARED

SIMULATED: Headers = (("streamrec.simulated", b"true"),)
"""Carried by every record that is made up."""
RETIMED: Headers = (("streamrec.retimed", b"true"),)
"""Carried by every real record whose time was changed."""
CHANNEL = "simulated"
"""The `channel` of made-up events, where the type has one."""


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
    declared = DECLARED[topic]
    trigger = declared.triggers(fields.get("action"))
    return Message(topic, str(fields[declared.topic.key]).encode(), msgspec.json.encode(fields), headers, trigger)
