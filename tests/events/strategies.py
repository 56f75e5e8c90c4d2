"""Hypothesis strategies of what producers send, and a record as Kafka hands it over."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from hypothesis import strategies as st

Wire = dict[str, Any]
NOW_MS = int(time.time() * 1000)


class Record(NamedTuple):
    """An Inbound."""

    topic: str = "streamrec.views"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    key: bytes | None = b"u1"
    value: bytes | None = b"{}"
    headers: tuple[tuple[str, bytes], ...] = ()


letters = st.characters(exclude_categories=["Cs", "Cc"])
ids = st.text(letters, min_size=1, max_size=128)
labels = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
titles = st.text(letters, min_size=1, max_size=499).map(lambda text: text + "x")
currencies = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3)
prices = st.floats(0, 1e12) | st.integers(0, 10**12)
event_times = st.integers(946_684_800_000, NOW_MS)


def wires(required: dict[str, st.SearchStrategy[Any]], optional: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Wire]:
    return st.fixed_dictionaries(required, optional={name: st.none() | values for name, values in optional.items()})


VALID: dict[str, st.SearchStrategy[Wire]] = {
    "views": wires(
        {"user_id": ids, "item_id": ids, "ts": event_times},
        {"event_id": ids, "room_id": ids, "dwell_ms": st.integers(0, 86_400_000), "channel": labels, "country": labels},
    ),
    "purchases": wires(
        {
            "user_id": ids,
            "item_id": ids,
            "ts": event_times,
            "price": prices,
            "currency": currencies,
            "quantity": st.integers(1, 1_000_000),
            "action": st.sampled_from(["purchase", "refund"]),
        },
        {"event_id": ids, "room_id": ids, "order_id": ids, "channel": labels, "country": labels},
    ),
    "danmaku": wires(
        {"user_id": ids, "room_id": ids, "ts": event_times, "text": st.text(min_size=1, max_size=500)},
        {"event_id": ids, "item_id": ids, "lang": labels},
    ),
    "feedback": wires(
        {
            "user_id": ids,
            "list_id": ids,
            "item_id": ids,
            "ts": event_times,
            "action": st.sampled_from(["impression", "click", "cart", "purchase", "hide", "complaint"]),
        },
        {"event_id": ids, "position": st.integers(0, 10_000)},
    ),
    "erasures": wires({"user_id": ids, "ts": event_times}, {"reason": labels}),
    "items": wires(
        {
            "item_id": ids,
            "title": titles,
            "price": prices,
            "currency": currencies,
            "available": st.booleans(),
            "attributes": st.dictionaries(labels, st.text(max_size=50), max_size=3),
            "media_vectors": st.dictionaries(labels, st.lists(st.floats(-1e6, 1e6), max_size=4), max_size=2),
        },
        {
            "description": st.text(max_size=300),
            "category": labels,
            "brand": labels,
            "stock": st.integers(0, 10**9),
            "lang": labels,
            "created_ts": event_times,
        },
    ),
    "rooms": wires(
        {
            "room_id": ids,
            "host_id": ids,
            "status": st.sampled_from(["live", "ended"]),
            "shelf": st.lists(ids, max_size=5),
            "ts": event_times,
        },
        {"title": labels, "on_air": ids},
    ),
    "rules": wires(
        {
            "rule_id": ids,
            "action": st.sampled_from(["pin", "boost", "bury", "block"]),
            "target": st.sampled_from(["item", "category", "host"]),
            "target_id": labels,
            "factor": st.floats(1, 1e6),
            "position": st.integers(1, 1000),
        },
        {"room_id": ids, "starts_ts": event_times, "expires_ts": st.integers(946_684_800_000, 253_402_300_799_999)},
    ),
}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
borderline = st.sampled_from(
    [
        "",
        " ",
        "\n",
        "id\n",
        "a\x00",
        "\x7f",
        "\x85",
        "USD\n",
        "usd",
        "USDX",
        "x" * 128,
        "x" * 129,
        "x" * 200,
        "x" * 201,
        "x" * 500,
        "x" * 501,
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00:00Z",
        "2026-01-31 12:00:00.123456789+08:00",
        0,
        -1,
        1,
        1e12,
        2e12,
        10**9 + 1,
        946_684_799_999,
        946_684_800_000,
        946_684_800,
        True,
        {"a": ""},
        {"": "a"},
        {"a": [1e6, 1e7]},
        ["x"],
        ["x", ""],
    ]
)


@st.composite
def mutated(draw: st.DrawFn, topic_name: str) -> Wire:
    """A valid event with one field taken out, added or changed to something that may be wrong."""
    wire = draw(VALID[topic_name])
    name = draw(st.sampled_from(sorted(wire)) | st.just("extra"))
    if draw(st.booleans()):
        wire[name] = draw(borderline | anything)
    else:
        wire.pop(name, None)
    return wire
