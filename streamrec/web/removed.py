"""What the filters keep out of a viewer's lists right now, over HTTP: `/removed?viewer=…`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from streamrec.contract.pieces import Names
from streamrec.web.showing import People

MOST = 20
"""Titles of one filter that are named; a filter may remove the whole shop."""
Find = Callable[[str], Awaitable[dict[str, list[str]] | None]]
"""The ids of items by filter; None when the user's partition is not served here."""


def serve_removed(app: web.Application, find: Find, names: Callable[[list[str]], Awaitable[Names]], people: People) -> None:
    """Add `/removed`: for each filter the number of candidates that it removes, and some of their titles."""

    async def removed(request: web.Request) -> web.StreamResponse:
        by_filter = await find(people.whose(request.query.get("viewer", "")))
        if by_filter is None:
            return web.json_response({"error": "another worker serves this viewer; ask there"}, status=HTTPStatus.NOT_FOUND)
        titles, _ = await names([item for items in by_filter.values() for item in items[:MOST]])
        answer: dict[str, Any] = {
            name: {"count": len(items), "titles": [titles.get(item, item) for item in items[:MOST]]}
            for name, items in by_filter.items()
            if items
        }
        return web.json_response({"removed": answer})

    app.router.add_get("/removed", removed)
