"""What our clients do that aiokafka alone does not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError
from aiokafka.protocol.admin import ApiVersionRequest

from streamrec.kafka import clients


class ResetWriter:
    """The writer of a connection that was just reset, as uvloop has it."""

    def write(self, message: bytes) -> None:
        raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")


def test_a_request_on_a_connection_that_was_just_reset_fails_as_kafka_requests_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert AIOKafkaConnection.send is clients._send_or_close
    closed: list[Any] = []

    async def run() -> None:
        connection = AIOKafkaConnection("127.0.0.1", 1)
        connection._writer = ResetWriter()
        monkeypatch.setattr(connection, "close", lambda reason=None: closed.append(reason))
        with pytest.raises(KafkaConnectionError, match="handler is closed"):
            connection.send(ApiVersionRequest())
        connection._writer = None

    asyncio.run(run())
    assert closed == [CloseReason.CONNECTION_BROKEN]


def test_a_connection_that_breaks_during_the_search_for_a_coordinator_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        def get_random_node(self) -> int:
            return 1

        async def send(self, node: int, request: Any) -> None:
            raise KafkaConnectionError("closed")

    assert AIOKafkaClient.coordinator_lookup is clients._lookup_again
    with pytest.raises(NodeNotReadyError, match="closed"):
        asyncio.run(AIOKafkaClient.coordinator_lookup(Client(), 1, "key"))
