"""Events that are spoilt on purpose, each of which must end as a dead letter."""

from __future__ import annotations

from random import Random

import msgspec

from streamrec.simulator.messages import CHANNEL, SIMULATED, Message

KINDS = ("cut_off", "not_utf8", "no_item", "from_1970", "from_2100", "nan_price", "no_key", "foreign_key", "long_danmaku")
# 2100-01-01: plausible as a number, and refused as a time.
_IN_2100 = 4_102_444_800_000


def spoilt(dice: Random, user_id: str, item_id: str, room_id: str, now_ms: int) -> Message:
    """A message with one fault, named in `spoilt`."""
    kind = dice.choice(KINDS)
    view = {"user_id": user_id, "item_id": item_id, "room_id": room_id, "ts": now_ms, "channel": CHANNEL}
    key: bytes | None = user_id.encode()
    topic, value = "views", msgspec.json.encode(view)
    match kind:
        case "cut_off":
            value = value[: len(value) // 2]
        case "not_utf8":
            value = value.replace(CHANNEL.encode(), b"\xff\xfe")
        case "no_item":
            value = msgspec.json.encode({name: field for name, field in view.items() if name != "item_id"})
        case "from_1970":
            value = msgspec.json.encode({**view, "ts": 0})
        case "from_2100":
            value = msgspec.json.encode({**view, "ts": _IN_2100})
        case "nan_price":
            topic = "purchases"
            value = value[:-1] + b',"currency":"GBP","price":NaN}'
        case "no_key":
            key = None
        case "foreign_key":
            key = b"not-" + user_id.encode()
        case "long_danmaku":
            topic = "danmaku"
            value = msgspec.json.encode({"user_id": user_id, "room_id": room_id, "ts": now_ms, "text": "哈" * 501})
    return Message(topic, key, value, SIMULATED, spoilt=kind)
