"""Who is let in."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from streamrec.web.access import COOKIE, Access, is_loopback


def admits(access: Access, **headers: str) -> bool:
    return access.admits(make_mocked_request("GET", "/", headers=headers))


def test_without_a_token_everyone_is_let_in() -> None:
    assert admits(Access(None))


def test_with_a_token_only_who_gives_it_is_let_in() -> None:
    access = Access("secret")
    assert not admits(access)
    assert admits(access, Authorization="Bearer secret")
    assert not admits(access, Authorization="Bearer Secret")
    assert not admits(access, Authorization="Basic secret")
    assert not access.knows("gehe\udce4m"), "bytes that are no text are no token"
    assert admits(access, Cookie=f"{COOKIE}={access.cookie}")
    assert not admits(access, Cookie=f"{COOKIE}=secret"), "the cookie is not the token"
    assert not admits(access, Cookie=f"{COOKIE}={Access('other').cookie}"), "the cookie ends with the token"


def test_an_empty_cookie_opens_nothing() -> None:
    assert not admits(Access("secret"), Cookie=f"{COOKIE}=")


@pytest.mark.parametrize(("host", "near"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("kafka", False)])
def test_only_loopback_addresses_are_reached_from_their_own_machine_alone(host: str, near: bool) -> None:
    assert is_loopback(host) is near
