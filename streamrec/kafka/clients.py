"""The one place that turns our settings into the settings of Faust, aiokafka and kafka-python."""

from __future__ import annotations

import os
import ssl
from typing import Any

import faust
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.consumer import fetcher
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError
from faust.types.auth import CredentialsT
from yarl import URL

from streamrec.contract.records import Record
from streamrec.errors import SettingsError
from streamrec.kafka import untrusted, wire
from streamrec.settings import Settings

REQUEST_TIMEOUT_MS = 30_000

_send = AIOKafkaConnection.send


def _send_or_close(connection: AIOKafkaConnection, *args: Any, **options: Any) -> Any:
    """A broken connection is an error of Kafka's, also on uvloop.

    aiokafka expects an OSError from a connection that was just reset; uvloop raises a RuntimeError, which would end the
    consumer's fetching or the producer's sending for good.
    """
    try:
        return _send(connection, *args, **options)
    except RuntimeError as exc:
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(f"Connection at {connection.host}:{connection.port} broken: {exc}") from exc


AIOKafkaConnection.send = _send_or_close

_lookup = AIOKafkaClient.coordinator_lookup


async def _lookup_again(client: AIOKafkaClient, *args: Any) -> Any:
    """A connection that breaks while a producer asks for its coordinator is a reason to ask again.

    aiokafka does so when the broker is not ready, but takes a broken connection for the producer's end.
    """
    try:
        return await _lookup(client, *args)
    except KafkaConnectionError as exc:
        raise NodeNotReadyError(str(exc)) from exc


AIOKafkaClient.coordinator_lookup = _lookup_again


class _LightRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    """What was fetched of one partition, as records without what nobody here asks for: that took half of the time of reading."""

    def __init__(self, tp: TopicPartition, records: Any, *args: Any) -> None:
        records.place = f"{tp.topic}/{tp.partition}"
        super().__init__(tp, records, *args)

    def _consumer_record(self, tp: TopicPartition, record: Any) -> Record:
        return Record(tp.topic, tp.partition, record.offset, record.timestamp, record.key, record.value, record.headers)


fetcher.PartitionRecords = _LightRecords
wire.install()
untrusted.install()


def servers(settings: Settings) -> list[str]:
    """The bootstrap servers, as host:port."""
    return [server.strip() for server in settings.broker.split(",") if server.strip()]


def ssl_context(settings: Settings) -> ssl.SSLContext | None:
    """The TLS context, or None where the protocol has no TLS.

    Raises:
        SettingsError: a file of the settings is not there or not what it should be.
    """
    if "SSL" not in settings.security_protocol:
        return None
    for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
        file = getattr(settings, name)
        if file is not None and not os.access(file, os.R_OK):
            raise SettingsError(f"{name}: {file} is not there or cannot be read")
    try:
        context = ssl.create_default_context(cafile=str(settings.ssl_cafile) if settings.ssl_cafile else None)
    except ssl.SSLError as exc:
        raise SettingsError(f"ssl_cafile: {settings.ssl_cafile} holds no certificates in PEM ({exc.reason})") from exc
    if settings.ssl_certfile:
        try:
            # Without a password OpenSSL would ask the terminal for that of an encrypted key.
            context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile, password="")
        except ssl.SSLError as exc:
            why = f"{exc.reason}; both must be PEM, belong together, and the key be without a password"
            raise SettingsError(f"ssl_certfile, ssl_keyfile: {settings.ssl_certfile} and its key cannot be used ({why})") from exc
    return context


def _security(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = {"security_protocol": settings.security_protocol, "ssl_context": ssl_context(settings)}
    if settings.security_protocol.startswith("SASL"):
        found |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password.get_secret_value() if settings.sasl_password else None,
        }
    return found


def kafka_python(settings: Settings) -> dict[str, Any]:
    """Settings that every client of kafka-python takes."""
    return {"bootstrap_servers": servers(settings), **_security(settings)}


def aiokafka(settings: Settings) -> dict[str, Any]:
    """Settings that every client of aiokafka takes."""
    return {"bootstrap_servers": servers(settings), "request_timeout_ms": REQUEST_TIMEOUT_MS, **_security(settings)}


def faust_app(settings: Settings) -> dict[str, Any]:
    """Settings of the Faust app that concern the connection."""
    return {
        "broker": [URL(f"kafka://{server}") for server in servers(settings)],
        "broker_credentials": _credentials(settings),
        "broker_request_timeout": REQUEST_TIMEOUT_MS / 1000,
    }


def _credentials(settings: Settings) -> CredentialsT | None:
    context = ssl_context(settings)
    if settings.security_protocol.startswith("SASL"):
        return faust.SASLCredentials(
            mechanism=settings.sasl_mechanism,
            username=settings.sasl_username,
            password=settings.sasl_password.get_secret_value() if settings.sasl_password else None,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None


def topic_config(settings: Settings) -> dict[str, str]:
    """Settings of every topic that we create."""
    return {"min.insync.replicas": str(settings.min_insync_replicas)}
