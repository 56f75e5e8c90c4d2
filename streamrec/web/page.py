"""The live page: its files, its login and its stream of events (server-sent), with nothing fetched from elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from importlib.resources import files
from typing import Any

import msgspec
from aiohttp import web

from streamrec.events.codec import REASONS as DEAD_REASONS
from streamrec.filters import filters
from streamrec.reasons import REASONS
from streamrec.web.access import COOKIE, Access
from streamrec.web.audience import Watcher
from streamrec.web.feed import Feed

TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
SAFE = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
LOGIN_PAUSE_S = 0.5
"""Whoever tries tokens waits."""
YEAR_S = 365 * 24 * 3600
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def serve_page(app: web.Application, feed: Feed, access: Access) -> None:
    """Add the page (`/`), its files (`/page/…`), `/login` and `/feed` to the worker's web server."""
    texts = {file.name: file.read_bytes() for file in (files("streamrec.web") / "static").iterdir()}

    def answer(name: str, status: int = HTTPStatus.OK) -> web.Response:
        kind = TYPES["." + name.rpartition(".")[2]]
        return web.Response(body=texts[name], content_type=kind, charset="utf-8", headers=SAFE, status=status)

    async def page(request: web.Request) -> web.StreamResponse:
        return answer("index.html") if access.admits(request) else answer("login.html", HTTPStatus.UNAUTHORIZED)

    async def file(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in texts or name.endswith(".html"):
            raise web.HTTPNotFound
        return answer(name)

    async def login(request: web.Request) -> web.StreamResponse:
        if not access.knows(str((await request.post()).get("token", ""))):
            await asyncio.sleep(LOGIN_PAUSE_S)
            return answer("login.html", HTTPStatus.UNAUTHORIZED)
        home = web.Response(status=HTTPStatus.SEE_OTHER, headers={**SAFE, "Location": "/"})
        home.set_cookie(COOKIE, access.cookie, max_age=YEAR_S, httponly=True, samesite="Strict", secure=request.secure)
        return home

    async def stream(request: web.Request) -> web.StreamResponse:
        if feed.full():
            raise web.HTTPServiceUnavailable(text="too many pages are open; close one\n")
        response = web.StreamResponse(headers={**SAFE, "Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
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
    app.router.add_get("/feed", guarded(access, stream))
    app.on_shutdown.append(close)


def guarded(access: Access, handler: Handler) -> Handler:
    """The handler, for those who know the token; others get 401 and what to do."""

    async def guard(request: web.Request) -> web.StreamResponse:
        if not access.admits(request):
            headers = {**SAFE, "WWW-Authenticate": "Bearer"}
            said = {"error": "give the token (setting web_token) as `Authorization: Bearer TOKEN`, or log in at /"}
            return web.json_response(said, status=HTTPStatus.UNAUTHORIZED, headers=headers)
        return await handler(request)

    return guard


def words() -> dict[str, Any]:
    """What the codes of lists and dead letters mean."""
    return {
        "features": {feature: reason.en for feature, reason in REASONS.items()},
        "filters": {kind.name: kind.__doc__ for kind in vars(filters).values() if isinstance(kind, type) and hasattr(kind, "name")},
        "dead": dict(DEAD_REASONS),
    }


def _event(kind: str, content: Any) -> bytes:
    # JSON has no raw line breaks, so that one `data` line is enough.
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), msgspec.json.encode(content))
