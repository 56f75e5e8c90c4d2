"""Who may look: with a token, whoever presents it in a header or in the login page's cookie; without one, this machine alone."""

from __future__ import annotations

import asyncio
import hmac
import re
from hashlib import sha256
from urllib.parse import urlsplit

from aiohttp import HttpVersion11
from aiohttp.web import BaseRequest

from streamrec.system.addresses import address, canonical, holder, host_of, is_loopback
from streamrec.web.guesses import Guesses

COOKIE = "streamrec"
SCHEME = "bearer "
PROXIES = re.compile(r"via|.*forward.*|.+-(?:ip|addr|address|host)|cf-.+|x-envoy-.+", re.IGNORECASE)
"""Headers in which proxies say for whom they ask."""
OWN_SITE = {"same-origin", "none"}
WATCH_S = 0.25
"""How often a pause looks whether its client is still there: whoever leaves makes room for another connection at once."""


class Access:
    """Judges requests.

    Tokens are compared in constant time. The cookie holds a hash of the token, so that it ends with the token and does not reveal it.
    """

    def __init__(self, token: str | None, web_host: str = "127.0.0.1", bound: str | None = None) -> None:
        """`bound` is the address of the socket where `web_host` is a name."""
        self._token = token
        self._own_name = canonical(web_host)
        self._local = is_loopback(bound or web_host)
        self._guesses = Guesses()
        self.cookie = hmac.new(token.encode(), b"streamrec live page", sha256).hexdigest() if token else ""

    @property
    def open(self) -> bool:
        """Whether no token is set."""
        return self._token is None

    def is_for_us(self, request: BaseRequest) -> bool:
        """Whether the request names a host of ours. Any other name on a loopback address belongs to a web page that had its name rebound.

        Names are not checked for a server that others reach, since we do not know them, nor for one with a token, which no other page has.
        """
        return not (self.open and self._local) or self._names_us(request)

    def is_near(self, request: BaseRequest) -> bool:
        """Whether a request comes from this machine and is its own, neither a remote client's nor that of another site's page."""
        return (
            is_loopback(request.remote or "")
            # nginx asks in HTTP/1.0 and says nothing of its clients, unless it is configured to.
            and request.version >= HttpVersion11
            and not any(PROXIES.fullmatch(name) for name in request.headers)
            and self._names_us(request)
            and not self.is_foreign(request)
        )

    def is_foreign(self, request: BaseRequest) -> bool:
        """Whether a page of another site made a browser send the request; a link that opens the live page does not count."""
        headers = request.headers
        if request.path == "/" and headers.get("Sec-Fetch-Mode", "navigate") == "navigate":
            return False
        site = headers.get("Sec-Fetch-Site")
        if site is not None or not self.open:
            return site is not None and site not in OWN_SITE
        # Without a token no proxy stands between: what a browser says of its page is what it says of us.
        pages = [headers[name] for name in ("Origin", "Referer") if name in headers]
        return any(urlsplit(page).netloc.lower() != request.headers.get("Host", "").lower() for page in pages)

    async def admits(self, request: BaseRequest) -> bool:
        """Whether a request carries the token (`Authorization: Bearer TOKEN`) or the cookie."""
        given = request.headers.get("Authorization", "")
        if given.lower().startswith(SCHEME):
            return await self.knows(request, given[len(SCHEME) :].strip())
        cookie = request.cookies.get(COOKIE)
        return bool(cookie) and await self._right(request, str(cookie), self.cookie)

    async def knows(self, request: BaseRequest, token: str) -> bool:
        """Whether it is the token."""
        return self._token is not None and await self._right(request, token, self._token)

    async def _right(self, request: BaseRequest, given: str, wanted: str) -> bool:
        """Compare after the pause that earlier wrong tokens have earned."""
        client = client_of(request)
        pause = self._guesses.begin(client)
        while pause > 0:
            await asyncio.sleep(min(pause, WATCH_S))
            pause -= WATCH_S
            if request.transport is None or request.transport.is_closing():
                return False
        # A header may hold bytes that are no text.
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), wanted.encode()):
            return False
        self._guesses.right(client)
        return True

    def _names_us(self, request: BaseRequest) -> bool:
        named = request.headers.getall("Host", [])
        if len(named) != 1:
            return False
        hosts = {host_of(named[0])}
        if request.host != named[0]:
            hosts.add(canonical(request.host))  # of a target like `GET http://host/path`, which counts above the header
        return all(host is not None and (is_loopback(host) or host == self._own_name) for host in hosts)


def client_of(request: BaseRequest) -> str:
    """Whom wrong tokens are held against: an address, or the client that a proxy on this machine names."""
    remote = request.remote or ""
    near = address(remote)
    if near is not None and near.is_loopback and "X-Forwarded-For" in request.headers:
        # The last entry is the proxy's own; those before it are what its client says.
        return "behind " + request.headers.getall("X-Forwarded-For")[-1].rpartition(",")[2].strip()[:64]
    return holder(remote)
