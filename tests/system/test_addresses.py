"""Which hosts lead back to this machine."""

from __future__ import annotations

import pytest

from streamrec.system.addresses import address, holder, host_of, http_url, is_loopback, reachable

OURS = (
    "localhost LOCALHOST localhost. 127.0.0.1 127.0.0.1. 127.8.9.10 127.1 0x7f.1 2130706433 ::1 [::1] ::1%lo 0:0:0:0:0:0:0:1 "
    "::ffff:127.0.0.1 [::FFFF:7f00:1]"
)
NOT_OURS = (
    "kafka evil.example localhost.evil.example 127.0.0.1.evil.example a.localhost localhost.. 10.0.0.1 0.0.0.0 :: ::ffff:10.0.0.1 "
    "fe80::1%eth0 １２７.0.0.1 ⓛocalhost dead.beef deadbeef 256.0.0.1"
)


@pytest.mark.parametrize("host", OURS.split())
def test_every_spelling_of_this_machines_own_address_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", [*NOT_OURS.split(), "", "127.0.0.1 evil", "localhost\0"])
def test_no_other_name_or_address_is_taken_for_it(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("authority", "host"),
    [("localhost:6066", "localhost"), ("LocalHost.:6066", "localhost"), ("[::1]:6066", "::1"), ("[::1]", "::1"), ("127.1:80", "127.1")],
)
def test_a_host_is_found_before_its_port(authority: str, host: str) -> None:
    assert host_of(authority) == host


@pytest.mark.parametrize("text", ["::1", "localhost:1:2", "a@localhost", "::/..", "localhost:x", "[::1", "", "a b", "localhost:80\n"])
def test_what_is_no_host_and_port_has_no_host(text: str) -> None:
    assert host_of(text) is None


def test_an_ipv4_client_of_an_ipv6_socket_has_its_ipv4_address() -> None:
    assert str(address("::ffff:10.0.0.7")) == "10.0.0.7"


def test_who_chooses_among_the_addresses_of_a_network_holds_them_all() -> None:
    assert holder("2001:db8::1") == holder("2001:db8::ffff:1") != holder("2001:db8:0:1::1")
    assert holder("10.0.0.7") == holder("::ffff:10.0.0.7") == "10.0.0.7"
    assert holder("::1") != holder("::2")


def test_a_server_on_all_addresses_is_reached_at_the_loopback_address() -> None:
    assert [reachable(host) for host in ("0.0.0.0", "::", "10.0.0.7", "shop")] == ["127.0.0.1", "::1", "10.0.0.7", "shop"]  # noqa: S104
    assert [http_url(host, 1) for host in ("::1", "127.0.0.1")] == ["http://[::1]:1", "http://127.0.0.1:1"]
