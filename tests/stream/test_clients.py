"""What our clients do that aiokafka alone does not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.admin import ApiVersionRequest

from streamrec.stream import clients


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
