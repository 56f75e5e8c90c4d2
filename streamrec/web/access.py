"""Who may look: everyone where no token is set, else whoever gives it, by header or by the cookie of the login page."""

from __future__ import annotations

import hmac
from hashlib import sha256
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp.web import Request

COOKIE = "streamrec"
SCHEME = "Bearer "


class Access:
    """Compares in constant time; the cookie holds a hash, so that it ends with the token and does not give it away."""

    def __init__(self, token: str | None) -> None:
        self._token = token
        self.cookie = hmac.new(token.encode(), b"streamrec live page", sha256).hexdigest() if token else ""

    @property
    def open(self) -> bool:
        """Whether no token is set."""
        return self._token is None

    def knows(self, token: str) -> bool:
        """Whether it is the token."""
        return self._token is None or _same(token, self._token)

    def admits(self, request: Request) -> bool:
        """Whether a request comes from someone who knows the token: `Authorization: Bearer TOKEN`, or the cookie."""
        if self._token is None:
            return True
        given = request.headers.get("Authorization", "")
        if given.startswith(SCHEME):
            return self.knows(given.removeprefix(SCHEME))
        return _same(request.cookies.get(COOKIE, ""), self.cookie)


def _same(given: str, wanted: str) -> bool:
    # A header may hold bytes that are no text.
    return hmac.compare_digest(given.encode(errors="surrogateescape"), wanted.encode())


def is_near(request: Request) -> bool:
    """Whether a request comes from this machine."""
    return is_loopback(request.remote or "")


def is_loopback(host: str) -> bool:
    """Whether an address is reached from its own machine only."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
