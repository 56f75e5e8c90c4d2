"""A list of brokers is refused before any client tries it, with what to write instead."""

from __future__ import annotations

import re

import pytest

from streamrec.system.servers import require_host, require_url, servers_of


def test_hosts_and_ports_are_read() -> None:
    assert servers_of("kafka_1.svc.cluster.local.:9092, [::1]:19092,,10.0.0.1:1") == [
        ("kafka_1.svc.cluster.local.", 9092),
        ("::1", 19092),
        ("10.0.0.1", 1),
    ]
    assert servers_of("münchen:9092") == [("münchen", 9092)]


@pytest.mark.parametrize(
    ("broker", "complaint"),
    [
        ("kafka..svc.cluster.local:9092", "kafka..svc.cluster.local is no name of a host"),
        (f"{'a' * 64}:9092", "is no name of a host"),
        ("kafka:9092,b..c:1", "b..c is no name of a host"),
        ("kafka://host:9092", "leave kafka:// away and give host:9092"),
        ("PLAINTEXT://host:9092/", "leave PLAINTEXT:// away and give host:9092"),
        ("host", "host is not host:port"),
        ("host:", "host: is not host:port"),
        ("host:port", "host:port is not host:port"),
        ("host:0", "host:0 is not host:port"),
        ("host:70000", "host:70000 is not host:port"),
        ("host:９０９２", "is not host:port"),
        (":9092", ":9092 is not host:port"),
        ("my host:9092", "my host is no name or address"),
        ("host\x1b:9092", "is no name or address"),
        ("[::1:9092", "[::1 is no name or address"),
        (" , ", "it names no server"),
    ],
)
def test_what_no_client_could_reach_is_refused(broker: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        servers_of(broker)


@pytest.mark.parametrize("host", ["", "::", "::1", "fe80::1%eth0", "127.0.0.1", "localhost", "пример.рф", "xn--e1afmkfd"])
def test_a_host_is_a_name_an_address_or_nothing(host: str) -> None:
    assert require_host(host) == host


@pytest.mark.parametrize(
    "url", ["http://a..b:1", "https://", "http://host:port", "http://host:99999", "http://[::1", "http://:80", "http://ho st"]
)
def test_a_url_without_a_host_that_can_be_looked_up_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        require_url(url)


@pytest.mark.parametrize("url", ["http://registry:8081/apis?x=1", "https://[::1]", "schemas", "a..b", "C:/schemas"])
def test_other_urls_and_folders_stay_as_they_are(url: str) -> None:
    assert require_url(url) == url
