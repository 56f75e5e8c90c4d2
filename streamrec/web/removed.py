"""What the filters keep out of a viewer's lists right now, over HTTP: `/removed?viewer=…`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from streamrec.contract.pieces import Names
from streamrec.web.showing import People

MOST = 20
"""Titles that are told of one filter."""
Find = Callable[[str], Awaitable[dict[str, list[str]] | None]]
"""The ids of items by filter; None when the user's partition is not served here."""


def serve_removed(app: web.Application, find: Find, names: Callable[[list[str]], Awaitable[Names]], people: People) -> None:
    """Add `/removed`: by filter how many candidates it removes, and titles of some."""

    async def removed(request: web.Request) -> web.StreamResponse:
        found = await find(people.whose(request.query.get("viewer", "")))
        if found is None:
            said = {"error": "another worker serves this viewer; ask there"}
            return web.json_response(said, status=HTTPStatus.NOT_FOUND)
        titles, _ = await names([item for items in found.values() for item in items[:MOST]])
        told: dict[str, Any] = {name: {"count": len(items), "titles": items[:MOST]} for name, items in found.items() if items}
        for each in told.values():
            each["titles"] = [titles.get(item, item) for item in each["titles"]]
        return web.json_response({"removed": told})

    app.router.add_get("/removed", removed)
