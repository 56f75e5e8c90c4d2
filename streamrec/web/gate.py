"""The gate that every request passes: is it for us, may the sender look, and which headers does the answer carry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import web

from streamrec.web.access import Access
from streamrec.web.connections import Connections

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEALTH = {"/live", "/ready", "/metrics"}
"""Name nobody: supervisors and Prometheus ask without a token."""
ENTRANCE = {"/", "/page/{name}", "/login"}
"""Ask for the token where it is missing. Every other page tells of people, one that is added tomorrow too."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "streamrec",
}
NOT_OURS = "no server of this name is here; ask for localhost or 127.0.0.1"
NOT_NEAR = "without web_token, only this machine is answered: as localhost or 127.0.0.1, and by no proxy; set web_token to let others look"
SHUT = "give the token (setting web_token) as `Authorization: Bearer TOKEN`, or log in at /"
FOREIGN = "a page of another site may not ask this"
FAILED = "this page failed; the worker's log says why"


def guard(app: web.Application, access: Access, connections: Connections) -> None:
    """Put the gate before all pages of an application, and the headers onto all answers."""

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        place = resource.canonical if resource is not None else ""
        if place in HEALTH:
            if not access.is_for_us(request):
                return refusal(HTTPStatus.FORBIDDEN, NOT_OURS)
        elif access.open:
            if not access.is_near(request):
                return refusal(HTTPStatus.FORBIDDEN, NOT_NEAR)
        elif access.is_foreign(request):
            return refusal(HTTPStatus.FORBIDDEN, FOREIGN)
        elif place not in ENTRANCE and not await access.admits(request):
            return refusal(HTTPStatus.UNAUTHORIZED, SHUT)
        if place in ENTRANCE:
            return await answered(request, handler)  # whoever is in a pause there is idle
        with connections.working(request.protocol):
            return await answered(request, handler)

    async def dress(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)

    # When an answer is prepared, and not in the middleware: streams and aiohttp's own errors have the headers, too.
    app.middlewares.append(gate)
    app.on_response_prepare.append(dress)


async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Run the handler; what it raises goes to the log and not to the client."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception:
        log.exception("a page failed", page=request.match_info.route.resource and request.match_info.route.resource.canonical)
        if request.writer.output_size:
            raise  # the answer has begun: aiohttp ends the connection
        return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, FAILED)


def refusal(status: int, why: str) -> web.Response:
    """An answer that refuses and says why."""
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    return web.json_response({"error": why}, status=status, headers=headers)
