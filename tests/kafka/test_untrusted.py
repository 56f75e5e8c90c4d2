"""What both clients make of batches that hostile or merely other producers have sent."""

from __future__ import annotations

import struct
from typing import Any

import kafka.consumer.fetcher
import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import CorruptRecordError

from streamrec.contract.records import Unreadable
from streamrec.kafka import patches, untrusted
from tests.kafka.raw import CODECS, Raw, batch_of

patches.install()

CLIENTS = {"aiokafka": lambda raw: fetcher.MemoryRecords(raw), "kafka-python": lambda raw: kafka.consumer.fetcher.MemoryRecords(raw)}
some = st.none() | st.binary(max_size=40)
raws = st.lists(st.builds(Raw, some, some, st.lists(st.tuples(st.binary(max_size=6), some), max_size=3)), min_size=1, max_size=5)
both = pytest.mark.parametrize("client", CLIENTS)


def read(client: str, raw: bytes) -> list[Any]:
    batches, found = CLIENTS[client](raw), []
    while batches.has_next():
        batch = batches.next_batch()
        assert batch.validate_crc()
        found += list(batch)
    return found


@both
@given(raws, st.sampled_from(list(CODECS)))
def test_whatever_a_record_holds_it_is_read_as_it_was_sent(client: str, records: list[Raw], codec: str | None) -> None:
    found = read(client, batch_of(records, codec))
    assert [(one.offset, one.key, one.value) for one in found] == [(at, one.key, one.value) for at, one in enumerate(records)]
    named = [[(name.decode(errors="backslashreplace"), value) for name, value in one.headers] for one in records]
    assert [list(one.headers) for one in found] == named


@both
@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_a_batch_that_unpacks_to_too_much_is_stood_for_by_one_record_that_names_its_offsets(client: str, codec: str) -> None:
    (stand_in,) = read(client, batch_of([Raw(b"k", b"\0" * (1 << 20))] * 20, codec))
    assert isinstance(stand_in.value, Unreadable)
    assert stand_in.offset == 19
    assert stand_in.value.decode() == "offsets 0 to 19: it unpacks to more than 16 MiB"


@both
@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
@given(noise=st.binary(min_size=1, max_size=60))
def test_a_payload_that_is_not_what_its_codec_says_is_stood_for(client: str, codec: str, noise: bytes) -> None:
    batch = bytearray(batch_of([Raw(b"k", b"v")] * 3))
    head, payload = batch[:61], noise
    struct.pack_into(">h", head, 21, CODECS[codec])
    struct.pack_into(">i", head, 8, 49 + len(payload))
    found = list(CLIENTS[client](sealed(head + payload)).next_batch())
    assert all(isinstance(one.value, Unreadable) for one in found)
    assert [one.offset for one in found] == [2]


@both
def test_records_behind_one_that_cannot_be_read_are_read(client: str) -> None:
    batch = bytearray(batch_of([Raw(b"a", b"1"), Raw(b"b", b"2", [(b"name", b"x")]), Raw(b"c", b"3")]))
    at = batch.index(b"\x08name")
    batch[at] = 0x7E  # a name of 63 bytes, which its record does not have
    found = list(CLIENTS[client](sealed(batch)).next_batch())
    assert [(one.offset, one.key) for one in found] == [(0, b"a"), (1, None), (2, b"c")]
    assert isinstance(found[1].value, Unreadable)


@both
def test_a_wrong_checksum_names_the_batch(client: str) -> None:
    batch = bytearray(batch_of([Raw(b"k", b"v")]))
    batch[-1] ^= 1
    batches = CLIENTS[client](bytes(batch))
    batches.place = "shop.views/3"
    with pytest.raises((CorruptRecordException, CorruptRecordError), match=r"shop\.views/3: the checksum of the batch at offsets 0 to 0"):
        batches.next_batch().validate_crc()


def test_a_poll_ends_once_it_has_read_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untrusted, "POLL_BYTES", 1000)
    batches = fetcher.MemoryRecords(batch_of([Raw(b"k", b"v" * 600)]) * 5)
    read_batches = 0
    while batches.has_next():
        list(batches.next_batch())
        read_batches += 1
    assert read_batches == 2


def sealed(batch: bytearray) -> bytes:
    """With the checksum that the bytes have."""
    from aiokafka.record.util import calc_crc32c

    struct.pack_into(">I", batch, 17, calc_crc32c(memoryview(batch)[21:]))
    return bytes(batch)
