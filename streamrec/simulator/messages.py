"""What the simulator sends: records for topics, and what to expect of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from streamrec.contract.records import Headers
from streamrec.events.types import DECLARED
from streamrec.simulator.truth import Truth

SIMULATED: Headers = (("streamrec.simulated", b"true"),)
"""The headers of every record that is made up."""
RETIMED: Headers = (("streamrec.retimed", b"true"),)
"""The headers of every real record whose time was changed."""
CHANNEL = "simulated"
"""The `channel` of made-up events, where the type has one."""


class Message(NamedTuple):
    """A record to send.

    `topic` is without the prefix; `trigger` says that a list has to answer it, `spoilt` what is wrong with it on purpose, and `truth` what
    its words mean, which is not sent.
    """

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers = ()
    trigger: bool = False
    spoilt: str | None = None
    truth: Truth | None = None


def message(topic: str, fields: Mapping[str, Any], headers: Headers = (), truth: Truth | None = None) -> Message:
    """A well-formed message under the key that its topic asks for.

    Raises:
        KeyError: the fields lack the key.
    """
    # From the fields as they are: a message may be one that no worker accepts.
    declared = DECLARED[topic]
    trigger = declared.triggers(fields.get("action"))
    return Message(topic, str(fields[declared.topic.key]).encode(), msgspec.json.encode(fields), headers, trigger, truth=truth)
