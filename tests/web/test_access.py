"""Who is let in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import HttpVersion10, HttpVersion11
from aiohttp.test_utils import make_mocked_request

from streamrec.web.access import COOKIE, Access, client_of

TOKEN = "a long secret"  # noqa: S105


def request(path: str = "/state/anna", remote: str = "127.0.0.1", version: Any = HttpVersion11, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in ({"Host": "localhost:6066"} | headers).items()}
    return make_mocked_request("GET", path, headers=named, version=version).clone(remote=remote)


def admits(access: Access, **headers: str) -> bool:
    return asyncio.run(access.admits(request(**headers)))


def test_with_a_token_only_who_gives_it_is_let_in() -> None:
    access = Access(TOKEN)
    assert not admits(access)
    assert admits(access, Authorization=f"Bearer {TOKEN}")
    assert admits(access, Authorization=f"bearer  {TOKEN}")
    assert not admits(access, Authorization="Bearer A long secret")
    assert not admits(access, Authorization=f"Basic {TOKEN}")
    assert admits(access, Cookie=f"{COOKIE}={access.cookie}")


def test_the_cookie_is_not_the_token_and_ends_with_it() -> None:
    access = Access(TOKEN)
    assert not admits(access, Cookie=f"{COOKIE}={TOKEN}")
    assert not admits(access, Cookie=f"{COOKIE}={Access('another secret').cookie}")
    assert not admits(access, Cookie=f"{COOKIE}=")


def test_bytes_that_are_no_text_are_no_token() -> None:
    assert not asyncio.run(Access(TOKEN).knows(request(), "gehe\udce4m"))


def test_nobody_knows_a_token_where_none_is_set() -> None:
    assert not asyncio.run(Access(None).knows(request(), ""))
    assert not admits(Access(None), Cookie=f"{COOKIE}=")


@pytest.mark.parametrize("remote", ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_near(remote: str) -> None:
    assert Access(None).is_near(request(remote=remote))


@pytest.mark.parametrize("remote", ["10.0.0.7", "203.0.113.7", "::ffff:10.0.0.7", "", "unix", "nonsense"])
def test_every_other_address_is_far(remote: str) -> None:
    assert not Access(None).is_near(request(remote=remote))


@pytest.mark.parametrize("host", ["LOCALHOST:6066", "localhost.", "127.0.0.1:6066", "127.1:6066", "[::1]:6066", "0.0.0.0:6066"])
def test_this_machine_goes_by_its_own_names_and_that_of_the_setting(host: str) -> None:
    assert Access(None, "0.0.0.0").is_near(request(Host=host))  # noqa: S104


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:6066", "10.0.0.7:6066", "", "[::1", "a@localhost", "shop"])
def test_a_name_that_was_rebound_is_far(host: str) -> None:
    assert not Access(None).is_near(request(Host=host))
    assert not Access(None).is_for_us(request(Host=host))


def test_a_request_names_one_host_in_its_header_and_its_target() -> None:
    two = make_mocked_request("GET", "/", headers=[("Host", "localhost"), ("Host", "localhost")]).clone(remote="127.0.0.1")  # type: ignore[arg-type]
    for odd in (two, make_mocked_request("GET", "/").clone(remote="127.0.0.1")):
        assert not Access(None).is_near(odd)
    assert not Access(None).is_near(request("http://evil.example/state/anna"))
    assert Access(None).is_near(request("http://127.0.0.1:6066/state/anna"))


def test_the_name_in_the_settings_is_ours() -> None:
    access = Access(None, "Shop.", "127.0.1.1")
    assert access.is_near(request(Host="shop:6066"))
    assert access.is_for_us(request(Host="shop:6066"))
    assert not access.is_for_us(request(Host="shop.evil.example:6066"))


def test_health_is_told_under_any_name_where_others_reach_it_or_a_token_is_set() -> None:
    assert Access(None, "0.0.0.0").is_for_us(request(Host="10.1.2.3:6066"))  # noqa: S104
    assert Access(TOKEN).is_for_us(request(Host="page.example"))


@pytest.mark.parametrize(
    "header",
    ["X_Forwarded_For", "x_forwarded_proto", "Forwarded", "Via", "X_Real_IP", "x_client_ip", "CF_Connecting_IP", "X_Host"],
)
def test_what_a_proxy_asks_is_not_asked_by_this_machine(header: str) -> None:
    assert not Access(None).is_near(request(**{header: "127.0.0.1"}))


def test_nginx_is_a_proxy_even_where_it_says_nothing() -> None:
    assert not Access(None).is_near(request(version=HttpVersion10, Connection="close"))


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "null"},
        {"Referer": "http://evil.example/page"},
    ],
)
def test_another_sites_page_does_not_ask_for_this_machine(headers: dict[str, str]) -> None:
    assert not Access(None).is_near(request(**headers))


def test_the_live_page_itself_asks_for_this_machine_and_may_be_linked_to() -> None:
    access = Access(None)
    assert access.is_near(request(Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="cors", Referer="http://elsewhere/"))
    assert access.is_near(request(Referer="http://localhost:6066/"))
    assert access.is_near(request("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate", Referer="http://wiki/"))


def test_with_a_token_a_proxy_may_stand_between_but_no_other_sites_page() -> None:
    access = Access(TOKEN)
    assert not access.is_foreign(request(Origin="https://page.example", Host="127.0.0.1:6066"))
    assert not access.is_foreign(request(Origin="https://page.example", Sec_Fetch_Site="same-origin"))
    assert access.is_foreign(request(Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="cors"))


def test_behind_a_proxy_of_this_machine_each_client_pays_for_its_own_wrong_tokens() -> None:
    assert client_of(request(X_Forwarded_For="made up, 203.0.113.7")) == client_of(request(X_Forwarded_For="203.0.113.7"))
    assert client_of(request(X_Forwarded_For="203.0.113.7")) != client_of(request(X_Forwarded_For="203.0.113.8")) != client_of(request())
    assert client_of(request(remote="10.0.0.7", X_Forwarded_For="203.0.113.7")) == client_of(request(remote="10.0.0.7"))
    assert len(client_of(request(X_Forwarded_For="x" * 5000))) < 100
