"""Fetches and produce requests packed by partition are, byte for byte, those that aiokafka packs field by field."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from aiokafka.protocol.produce import ProduceRequest_v3, ProduceRequest_v7
from aiokafka.protocol.types import Array, Bytes, Int16, Int32, Int64, Schema
from hypothesis import given
from hypothesis import strategies as st

from streamrec.kafka.wire import FIELDS_ASKED, FIELDS_FETCHED, Asked, Fetched, produced

# As aiokafka 0.14 has them in FetchRequest_v11 and FetchResponse_v11, which are patched in this process.
ASKED = Schema(*zip(FIELDS_ASKED, (Int32, Int32, Int64, Int64, Int32), strict=True))
ABORTED = Array(("producer_id", Int64), ("first_offset", Int64))
FETCHED = Schema(*zip(FIELDS_FETCHED, (Int32, Int16, Int64, Int64, Int64, ABORTED, Int32, Bytes), strict=True))

short, word, long = (st.integers(-(2**bits), 2**bits - 1) for bits in (15, 31, 63))
aborted = st.none() | st.lists(st.tuples(long, long), max_size=3)


@given(st.tuples(word, word, long, long, word))
def test_a_request_is_packed_alike(asked: tuple[int, ...]) -> None:
    assert Asked().encode(asked) == ASKED.encode(asked)


@given(st.tuples(word, short, long, long, long, aborted, word, st.none() | st.binary(max_size=50)))
def test_an_answer_is_unpacked_alike(fetched: tuple[Any, ...]) -> None:
    raw = FETCHED.encode(fetched)
    quick, own = BytesIO(raw + b"next"), BytesIO(raw + b"next")
    assert Fetched().decode(quick) == FETCHED.decode(own) == fetched
    assert quick.read() == own.read() == b"next"


def test_an_answer_that_ends_too_early_is_an_error() -> None:
    raw = FETCHED.encode((0, 0, 5, 5, 0, [], -1, b"records"))
    with pytest.raises(ValueError, match="3 bytes too early"):
        Fetched().decode(BytesIO(raw[:-3]))


batches = st.binary(max_size=50).map(bytearray)
sent = st.lists(st.tuples(st.text(max_size=9), st.lists(st.tuples(word, batches), max_size=3)), max_size=3)


@given(st.sampled_from([ProduceRequest_v3, ProduceRequest_v7]), st.none() | st.text(max_size=9), short, word, sent)
def test_a_produce_request_is_packed_alike_and_its_batches_are_not_copied(
    version: Any, transaction: str | None, acks: int, timeout: int, topics: list[tuple[str, list[tuple[int, bytearray]]]]
) -> None:
    message = version(transaction, acks, timeout, topics)
    pieces = produced(message)
    assert b"".join(pieces) == message.encode()
    assert all(any(batch is piece for piece in pieces) for _, partitions in topics for _, batch in partitions)
