"""Hypothesis strategies of what producers send, and a record as Kafka hands it over."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import msgspec.inspect as kinds
from hypothesis import strategies as st

from streamrec.events.codec import INPUTS
from streamrec.events.fields import EventTime
from streamrec.events.types import WIRE_TYPES

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
event_times = st.integers(946_684_800_000, NOW_MS)
OF_PATTERN = {
    r"^[^\x00-\x1f\x7f-\x9f]+$(?!\n)": ids,
    r"\S": st.text(letters, min_size=1, max_size=499).map(lambda text: text + "x"),
    r"^[A-Z]{3}$": st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3),
}
"""Texts by the pattern that their field asks for."""


def valid(kind: kinds.Type) -> st.SearchStrategy[Any]:
    """What a producer may send where a field of this type is read; long texts and lists are left to tests of their own."""
    match kind:
        case kinds.Metadata():
            return valid(kind.type)
        case kinds.UnionType():
            return st.one_of([valid(part) for part in kind.types])
        case kinds.StructType():
            fields = {field.encode_name: valid(field.type) for field in kind.fields}
            required = {field.encode_name for field in kind.fields if field.required}
            return st.fixed_dictionaries(
                {name: values for name, values in fields.items() if name in required},
                optional={name: values for name, values in fields.items() if name not in required},
            )
        case kinds.LiteralType():
            return st.sampled_from(sorted(kind.values))
        case kinds.ListType():
            return st.lists(valid(kind.item_type), max_size=5)
        case kinds.DictType():
            return st.dictionaries(valid(kind.key_type), valid(kind.value_type), max_size=3)
        case kinds.CustomType(cls=cls) if cls is EventTime:
            return event_times
        case kinds.StrType(pattern=None):
            return st.text(min_size=kind.min_length or 0, max_size=min(kind.max_length or 300, 300))
        case kinds.StrType():
            return OF_PATTERN[str(kind.pattern)]
        case kinds.IntType():
            return st.integers(kind.ge, kind.le)
        case kinds.FloatType():
            return st.floats(kind.ge, kind.le) | st.integers(int(kind.ge or 0), int(kind.le or 0))
        case kinds.BoolType():
            return st.booleans()
        case kinds.NoneType():
            return st.none()
    raise NotImplementedError(f"teach the tests to make a {kind}")


VALID: dict[str, st.SearchStrategy[Wire]] = {
    name: valid(kind) for name, kind in zip(INPUTS, kinds.multi_type_info([WIRE_TYPES[name] for name in INPUTS]), strict=True)
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
