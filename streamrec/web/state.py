"""What the worker knows of one user, over HTTP: `/state/USER`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

Find = Callable[[str], Awaitable[dict[str, Any] | None]]
"""What is known of a user, as `streamrec.state.view.known` has it; None when the user's partition is not served here."""


def serve_state(app: web.Application, find: Find, partition_of: Callable[[str], int]) -> None:
    """Add `/state/USER`: 200 with the row, 404 when there is none, or when another worker has the user's partition (`here` is false)."""

    async def state(request: web.Request) -> web.StreamResponse:
        user_id = request.match_info["user"]
        known = await find(user_id)
        number = partition_of(user_id)
        body = {"partition": number, "here": known is not None, **(known or {"user_id": user_id, "row": None, "erased": None})}
        if known is None:
            body["error"] = f"partition {number} is not served by this worker; ask the one that has it"
        elif known["row"] is None:
            body["error"] = "nothing is known of this user"
        status = HTTPStatus.OK if body["row"] is not None else HTTPStatus.NOT_FOUND
        return web.Response(body=msgspec.json.encode(body), content_type="application/json", status=status)

    # Everything behind the slash: ids may hold slashes themselves.
    app.router.add_get("/state/{user:.+}", state)
