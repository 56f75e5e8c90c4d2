"""The live page: its files, its login and its stream of events (server-sent), with nothing fetched from elsewhere."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from streamrec.events.codec import REASONS as DEAD_REASONS
from streamrec.observe.audience import Watcher
from streamrec.ranking.features.schema import DECLARED
from streamrec.ranking.filters.filters import FILTERS
from streamrec.ranking.reasons.languages import words as words_of
from streamrec.web.access import COOKIE, Access
from streamrec.web.feed import Feed

TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
FORM = "application/x-www-form-urlencoded"
FORM_BYTES, FORM_S, FIELDS = 8192, 10.0, 8
"""What the login page sends is smaller, quicker and fewer."""
YEAR_S = 365 * 24 * 3600


def serve_page(app: web.Application, feed: Feed, access: Access) -> None:
    """Add the page (`/`), its files (`/page/…`), `/login` and `/feed` to the worker's web server."""
    texts = {file.name: file.read_bytes() for file in (files("streamrec.web") / "static").iterdir()}

    def answer(name: str, status: int = HTTPStatus.OK) -> web.Response:
        kind = TYPES["." + name.rpartition(".")[2]]
        return web.Response(body=texts[name], content_type=kind, charset="utf-8", status=status)

    async def page(request: web.Request) -> web.StreamResponse:
        return answer("index.html") if access.open or await access.admits(request) else answer("login.html", HTTPStatus.UNAUTHORIZED)

    async def file(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in texts or name.endswith(".html"):
            raise web.HTTPNotFound
        return answer(name)

    async def login(request: web.Request) -> web.StreamResponse:
        home = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
        if access.open:
            return home
        token = await _token(request)
        if token is None or not await access.knows(request, token):
            return answer("login.html", HTTPStatus.BAD_REQUEST if token is None else HTTPStatus.UNAUTHORIZED)
        # Behind a proxy that ends TLS, only its header tells that the browser came by TLS.
        secure = request.secure or request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https"
        home.set_cookie(COOKIE, access.cookie, max_age=YEAR_S, httponly=True, samesite="Strict", secure=secure)
        return home

    async def stream(request: web.Request) -> web.StreamResponse:
        if feed.full():
            raise web.HTTPServiceUnavailable(text="too many pages are open; close one\n")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        await response.prepare(request)
        await response.write(_event("words", {**words(), "shows_people": feed.people.show}))
        watcher = Watcher(request.query.get("user", ""), request.query.get("room", ""))
        feed.join(watcher)
        try:
            while (message := await watcher.next()) is not None:
                await response.write(_event(*message))
        except ConnectionError:
            pass  # the page was closed
        finally:
            feed.leave(watcher)
        return response

    async def close(app: web.Application) -> None:
        await feed.close()

    app.router.add_get("/", page)
    app.router.add_get("/page/{name}", file)
    app.router.add_post("/login", login)
    app.router.add_get("/feed", stream)
    app.on_shutdown.append(close)


async def _token(request: web.Request) -> str | None:
    """The token of a login form; None where the request is no such form."""
    if request.content_type != FORM:
        return None
    body = b""
    try:
        async with asyncio.timeout(FORM_S):
            while not request.content.at_eof() and len(body) <= FORM_BYTES:
                body += await request.content.readany()
        if len(body) > FORM_BYTES:
            return None
        # Forms of this kind are UTF-8, whatever charset their header names.
        return dict(parse_qsl(body.decode(errors="surrogateescape"), errors="surrogateescape", max_num_fields=FIELDS)).get("token", "")
    except (web.RequestPayloadError, TimeoutError, ValueError):
        return None


def words() -> dict[str, Any]:
    """What the codes of lists and dead letters mean."""
    return {
        "features": {feature.name: words_of().sentences[feature.reason] for feature in DECLARED if feature.reason},
        "filters": {kind.name: kind.__doc__ for kind in FILTERS},
        "dead": dict(DEAD_REASONS),
    }


def _event(kind: str, content: Any) -> bytes:
    # JSON has no raw line breaks, so that one `data` line is enough.
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), msgspec.json.encode(content))
