"""The admin client, once a broker answers."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from streamrec.errors import BrokerUnavailable
from streamrec.kafka import clients, refusal
from streamrec.settings import Settings
from streamrec.system.servers import servers_of

log = structlog.get_logger(__name__)

_TRY_S, _LONG_TRY_S = 2.0, 5.0
"""Least and most time for one try of a broker: it also has to end when `broker_patience_s` is nearly over, and a loaded one is slow."""
_PAUSE_S = 0.2
"""Between two tries; a local broker that starts is noticed at once, and an absent one costs little."""


@contextmanager
def admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    """kafka-python's admin client, waiting for the broker as long as `broker_patience_s` says.

    Raises:
        BrokerUnavailable: no broker answered in that time.
        BrokerRefused: TLS or credentials can never go well with these settings.
    """
    deadline = time.monotonic() + settings.broker_patience_s
    announced = False
    while (client := _connect(settings, deadline)) is None:
        if time.monotonic() >= deadline:
            raise BrokerUnavailable(
                f"no Kafka broker answers at {settings.broker} within {settings.broker_patience_s:g} s: "
                "start one with `streamrec broker start`, or name yours with --broker or STREAMREC_BROKER; if it runs, see that it takes "
                f"{settings.security_protocol} (setting security_protocol) at this port"
            )
        if not announced:
            log.info("waiting for Kafka", broker=settings.broker, patience_s=settings.broker_patience_s)
            announced = True
        time.sleep(_PAUSE_S)
    try:
        yield client
    finally:
        client.close()


def _connect(settings: Settings, deadline: float) -> KafkaAdminClient | None:
    # A plain connection first: kafka-python would try for long, loudly, and leave its sockets open.
    address = next((address for address in servers_of(settings.broker) if _listens(address)), None)
    if address is None:
        return None
    refusal.require_accepted(settings, *address)
    left_ms = int(1000 * max(_TRY_S, min(_LONG_TRY_S, deadline - time.monotonic())))
    try:
        return KafkaAdminClient(bootstrap_timeout_ms=left_ms, **clients.kafka_python(settings))
    except (KafkaError, OSError):
        refusal.require_plain(settings, *address)
        return None


def _listens(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=_TRY_S):
            return True
    except OSError:
        return False
