"""`/state/USER`, served here and asked by the client of the command."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from streamrec.errors import WorkerUnreachable
from streamrec.web.access import Access
from streamrec.web.client import ask_state
from streamrec.web.connections import Connections
from streamrec.web.gate import guard
from streamrec.web.state import serve_state

ROWS = {"anna": {"seq": 3}, "a/b c?d=ü": {"seq": 4}}


def asked(*calls: tuple[str, str | None], wanted: str | None = None) -> list[Any]:
    """What the client gets, or the error, for calls by (user, token)."""

    async def find(user_id: str) -> dict[str, Any] | None:
        return None if user_id == "elsewhere" else {"user_id": user_id, "row": ROWS.get(user_id), "erased": None}

    async def run() -> list[Any]:
        app = web.Application()
        guard(app, Access(wanted), Connections())
        serve_state(app, find, len)
        async with TestServer(app) as server:
            call: Callable[..., Awaitable[Any]] = asyncio.to_thread
            tries = [call(ask_state, f"{server.make_url('/')}", user, given) for user, given in calls]
            return await asyncio.gather(*tries, return_exceptions=True)

    return asyncio.run(run())


def test_a_user_is_found_under_any_id() -> None:
    first, second = asked(("anna", None), ("a/b c?d=ü", None))
    assert first == {"partition": 4, "here": True, "user_id": "anna", "row": {"seq": 3}, "erased": None}
    assert (second["user_id"], second["row"]) == ("a/b c?d=ü", {"seq": 4})


def test_who_is_not_known_and_who_is_elsewhere_are_told_apart() -> None:
    unknown, elsewhere = asked(("nobody", None), ("elsewhere", None))
    assert (unknown["here"], unknown["row"], unknown["error"]) == (True, None, "nothing is known of this user")
    assert (elsewhere["here"], elsewhere["row"], elsewhere["partition"]) == (False, None, 9)
    assert "partition 9 is not served by this worker" in elsewhere["error"]


def test_where_a_token_is_set_only_who_gives_it_is_answered() -> None:
    good, wrong, none = asked(("anna", "geheim, 口令"), ("anna", "Geheim, 口令"), ("anna", None), wanted="geheim, 口令")
    assert good["row"] == {"seq": 3}
    for refused in (wrong, none):
        assert isinstance(refused, WorkerUnreachable)
        assert "STREAMREC_WEB_TOKEN" in str(refused)
