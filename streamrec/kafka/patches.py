"""Everything that we change inside aiokafka and kafka-python, with the reason, and the code of theirs for which it was written.

No other module assigns to what belongs to a library. `install` is called by the worker, and by whatever asks for the settings of a
client (`clients`), so that no client of this process can be without.
"""

from __future__ import annotations

import functools
import struct
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import kafka.codec
import kafka.consumer.fetcher
import kafka.record.default_records
import kafka.record.legacy_records
import kafka.record.memory_records
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.consumer import fetcher
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError
from aiokafka.producer.sender import Sender
from aiokafka.protocol.api import Request
from aiokafka.protocol.fetch import FetchRequest_v11, FetchResponse_v11
from aiokafka.protocol.produce import ProduceRequest, ProduceRequest_v3, ProduceRequest_v7
from aiokafka.record import legacy_records, memory_records
from aiokafka.util import wait_for

from streamrec.contract.records import Record
from streamrec.kafka.pinned import AIOKAFKA, KAFKA_PYTHON, Pinned
from streamrec.kafka.unpacking import unpack_gzip, unpack_lz4, unpack_snappy
from streamrec.kafka.untrusted import AiokafkaBatches, KafkaPythonBatches
from streamrec.kafka.wire import Asked, Fetched, produced


class Patch(NamedTuple):
    """A change to the inside of libraries: `what` is replaced, `pinned` the code that is replaced, called or counted on."""

    what: str
    why: str
    apply: Callable[[], None]
    pinned: tuple[Pinned, ...]


OLDEST_PRODUCED = ProduceRequest_v3.API_VERSION
"""The first version with the fields that `wire.produced` packs; the last one that aiokafka knows has the same."""

_send = AIOKafkaConnection.send
_lookup = AIOKafkaClient.coordinator_lookup
_OwnRecords = fetcher.PartitionRecords


def _send_or_close(connection: AIOKafkaConnection, request: Any, expect_response: bool = True) -> Any:
    produces = isinstance(request, ProduceRequest) and connection._writer is not None
    try:
        return (_send_whole_batches if produces else _send)(connection, request, expect_response)
    except (RuntimeError, OSError) as exc:
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(f"Connection at {connection.host}:{connection.port} broken: {exc}") from exc


def _send_whole_batches(connection: AIOKafkaConnection, request: ProduceRequest, expect_response: bool) -> Any:
    message = request.prepare(connection._versions)
    if message.API_VERSION < OLDEST_PRODUCED:
        return _send(connection, request, expect_response)
    number = connection._next_correlation_id()
    pieces = [message.build_request_header(correlation_id=number, client_id=connection._client_id).encode(), *produced(message)]
    connection._writer.writelines([struct.pack(">i", sum(map(len, pieces))), *pieces])
    if not expect_response:
        return connection._writer.drain()
    answer = connection._loop.create_future()
    connection._requests.append((number, message, answer))
    return wait_for(answer, connection._request_timeout)


def _requests() -> None:
    AIOKafkaConnection.send = _send_or_close


async def _lookup_again(client: AIOKafkaClient, *args: Any) -> Any:
    try:
        return await _lookup(client, *args)
    except KafkaConnectionError as exc:
        raise NodeNotReadyError(str(exc)) from exc


def _coordinators() -> None:
    AIOKafkaClient.coordinator_lookup = _lookup_again


class _LightRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    def __init__(self, tp: TopicPartition, records: Any, *args: Any) -> None:
        records.place = f"{tp.topic}/{tp.partition}"  # for messages of `untrusted`
        super().__init__(tp, records, *args)

    def __iter__(self) -> Any:
        # aiokafka's own iterator takes a call of Python's for each record; what it adds at the end its caller does, too.
        return self._records_iterator

    def _consumer_record(self, tp: TopicPartition, record: Any) -> Record:
        return Record(tp.topic, tp.partition, record.offset, record.timestamp, record.key, record.value, record.headers)


def _records() -> None:
    fetcher.PartitionRecords = _LightRecords


def _fetches() -> None:
    for message, field, quick in ((FetchRequest_v11, "topics", Asked()), (FetchResponse_v11, "topics", Fetched())):
        topics = message.SCHEMA.fields[message.SCHEMA.names.index(field)].array_of
        partitions = topics.fields[topics.names.index("partitions")]
        if partitions.array_of.names != quick.names:
            raise TypeError(f"{message.__name__} is not what this version of streamrec knows: install the aiokafka that it asks for")
        partitions.array_of = quick


def _batches() -> None:
    fetcher.MemoryRecords = AiokafkaBatches
    kafka.consumer.fetcher.MemoryRecords = KafkaPythonBatches
    # Batches of the formats before Kafka 0.11 unpack themselves.
    compiled = sys.modules[legacy_records.LegacyRecordBatch.__module__]
    for module in (legacy_records, compiled, kafka.record.legacy_records):
        for name, unpack in (("gzip_decode", unpack_gzip), ("snappy_decode", unpack_snappy), ("lz4_decode", unpack_lz4)):
            setattr(module, name, unpack)


def _codecs() -> None:
    for name in ("snappy", "lz4", "zstd"):
        setattr(kafka.codec, f"has_{name}", lambda: True)


PATCHES = (
    Patch(
        "AIOKafkaConnection.send",
        "On a connection that was just reset, uvloop raises RuntimeError where asyncio raises OSError; aiokafka catches the latter only. "
        "The fetching of a consumer, or the sending of a producer, ended for good when a broker was restarted. And of every record batch "
        "it makes eight copies on its way out: 1.2 ms for one of 480 kB.",
        _requests,
        (
            Pinned(AIOKAFKA, (_send, AIOKafkaConnection.close), "e4fefc4296100f89"),
            Pinned(AIOKAFKA, (ProduceRequest, ProduceRequest_v3, ProduceRequest_v7, Request.prepare), "bb944a4e19adc069"),
        ),
    ),
    Patch(
        "AIOKafkaClient.coordinator_lookup",
        "A producer asks for its coordinator again when a broker is not ready, but ends for good when the connection breaks while it asks.",
        _coordinators,
        (Pinned(AIOKAFKA, (_lookup, Sender._find_coordinator), "fc8f20c315db31a6"),),
    ),
    Patch(
        "aiokafka.consumer.fetcher.PartitionRecords",
        "Half of the time of reading went into ConsumerRecords with sizes, checksums and types that nobody here asks for.",
        _records,
        (Pinned(AIOKAFKA, (_OwnRecords,), "94aa0da0dbec8d1b"),),
    ),
    Patch(
        "FetchRequest_v11, FetchResponse_v11",
        "A fetch names every partition, most of them without news; packed and unpacked field by field, that was half of what reading costs "
        "at moderate rates.",
        _fetches,
        (Pinned(AIOKAFKA, (FetchRequest_v11, FetchResponse_v11), "f9cdc72da13fd82d"),),
    ),
    Patch(
        "MemoryRecords and decoders of both clients",
        "One record could stop every worker at every start: a header's name that is not UTF-8, a null header, a batch that unpacks to "
        "gigabytes. See `untrusted`.",
        _batches,
        (
            Pinned(
                AIOKAFKA,
                (memory_records._MemoryRecordsPy, legacy_records._LegacyRecordBatchPy, fetcher.Fetcher._proc_fetch_request),
                "53bc9bb9348571d8",
            ),
            Pinned(
                KAFKA_PYTHON,
                (kafka.record.memory_records.MemoryRecords, kafka.record.default_records.DefaultRecordBatch),
                "2202640bfc97f3f0",
            ),
        ),
    ),
    Patch(
        "kafka.codec.has_snappy, has_lz4, has_zstd",
        "kafka-python asks for a library of each codec before it reads; here cramjam unpacks all of them.",
        _codecs,
        (Pinned(KAFKA_PYTHON, (kafka.codec.has_snappy, kafka.record.default_records.DefaultRecordBase), "4704eb8f509d3ef4"),),
    ),
)
"""Every change, in the order in which they are made."""


@functools.cache
def install() -> None:
    """Change the libraries for all clients of this process; once, however often it is called.

    Raises:
        TypeError: a message of the protocol is not the one for which this was written.
    """
    for patch in PATCHES:
        patch.apply()
