"""The proxy that cuts workers off from their broker."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks.faults.cluster import Cluster
from benchmarks.faults.proxy import Proxy
from streamrec.broker.ports import HOST
from tests.engine.support import until
from tests.patience import PATIENCE_S


@pytest.fixture
def heard() -> list[bytes]:
    """What has reached the server."""
    return []


@pytest.fixture
def echo(heard: list[bytes]) -> Iterator[int]:
    """The port of a server that sends back what it gets."""
    with socket.create_server((HOST, 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=[connection], daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection:
                try:
                    while chunk := connection.recv(1024):
                        heard.append(chunk)
                        connection.sendall(chunk)
                except OSError:
                    pass  # reset by the proxy

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy(echo: int) -> Iterator[Proxy]:
    """A proxy before the echo."""
    with Proxy() as made:
        made.to(echo)
        yield made


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection((HOST, proxy.port), timeout=PATIENCE_S)


def asked(line: socket.socket, word: bytes) -> bytes:
    line.sendall(word)
    return line.recv(1024)


def test_bytes_pass_both_ways(proxy: Proxy) -> None:
    with connect(proxy) as line:
        assert asked(line, b"one") == b"one"
        assert proxy.connections == 1


def test_a_stall_holds_the_bytes_back_and_healing_lets_them_through(proxy: Proxy) -> None:
    with connect(proxy) as line:
        assert asked(line, b"one") == b"one"
        proxy.stall()
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            asked(line, b"two")
        with connect(proxy) as other:
            other.settimeout(0.3)
            with pytest.raises(TimeoutError):
                asked(other, b"three")
        line.settimeout(PATIENCE_S)
        proxy.heal()
        assert line.recv(1024) == b"two"


def test_a_muted_server_hears_what_its_client_says_and_answers_once_it_is_healed(proxy: Proxy, heard: list[bytes]) -> None:
    with connect(proxy) as line:
        assert asked(line, b"one") == b"one"
        proxy.mute()
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            asked(line, b"two")
        assert heard == [b"one", b"two"]
        line.settimeout(PATIENCE_S)
        proxy.heal()
        assert line.recv(1024) == b"two"


def test_a_drop_resets_connections_and_refuses_new_ones_until_it_is_healed(proxy: Proxy) -> None:
    with connect(proxy) as line:
        assert asked(line, b"one") == b"one"
        proxy.drop()
        with pytest.raises(ConnectionResetError):
            asked(line, b"two")
        with pytest.raises(ConnectionRefusedError):
            connect(proxy)
    proxy.heal()
    with connect(proxy) as line:
        assert asked(line, b"three") == b"three"


def test_a_stalled_connection_that_is_dropped_delivers_nothing_later(proxy: Proxy) -> None:
    with connect(proxy) as line:
        assert asked(line, b"one") == b"one"
        proxy.stall()
        line.sendall(b"two")
        proxy.drop()
        proxy.heal()
        with pytest.raises(ConnectionResetError):
            line.recv(1024)
    assert proxy.connections == 0


def test_a_client_that_leaves_during_a_stall_is_missed_only_afterwards(proxy: Proxy) -> None:
    with connect(proxy) as line:
        assert asked(line, b"one") == b"one"
        proxy.stall()
    with connect(proxy) as other:
        other.settimeout(0.3)
        with pytest.raises(TimeoutError):
            asked(other, b"two")
        assert proxy.connections == 2
        other.settimeout(PATIENCE_S)
        proxy.heal()
        assert other.recv(1024) == b"two"
        until(lambda: proxy.connections == 1, "the first one's end")


def test_a_broker_that_is_not_there_shows_as_a_reset() -> None:
    with Proxy() as proxy, pytest.raises(ConnectionError), connect(proxy) as line:
        asked(line, b"one")


@pytest.mark.kafka
def test_clients_of_a_brokers_proxy_never_go_around_it(tmp_path: Path) -> None:
    async def test(cluster: Cluster, proxy: Proxy) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("events", 1, 1)])
        await admin.close()
        async with AIOKafkaProducer(bootstrap_servers=cluster.front) as producer:
            await producer.send_and_wait("events", b"one")
            assert {broker.port for broker in producer.client.cluster.brokers()} == {proxy.port}
            proxy.stall()
            held = await producer.send("events", b"two")
            assert not (await asyncio.wait([held], timeout=0.5))[0]
            proxy.heal()
            await held

    with Cluster(tmp_path, size=1, proxied=True) as cluster:
        asyncio.run(test(cluster, *cluster.proxies))
