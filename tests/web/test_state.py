"""`/state/USER`, served here and asked by the client of the command."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, make_mocked_request

from streamrec.errors import WorkerUnreachable
from streamrec.web.access import Access
from streamrec.web.client import ask_state, url_of
from streamrec.web.state import serve_state

ROWS = {"anna": {"seq": 3}, "a/b c?d=ü": {"seq": 4}}


def asked(*calls: tuple[str, str | None], wanted: str | None = None) -> list[Any]:
    """What the client gets, or the error, for calls by (user, token)."""

    async def find(user_id: str) -> dict[str, Any] | None:
        return None if user_id == "elsewhere" else {"user_id": user_id, "row": ROWS.get(user_id), "erased": None}

    async def run() -> list[Any]:
        app = web.Application()
        serve_state(app, find, len, Access(wanted))
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
    good, wrong, none = asked(("anna", "secret"), ("anna", "Secret"), ("anna", None), wanted="secret")
    assert good["row"] == {"seq": 3}
    for refused in (wrong, none):
        assert isinstance(refused, WorkerUnreachable)
        assert "STREAMREC_WEB_TOKEN" in str(refused)


@pytest.mark.parametrize("remote", ["10.0.0.7", "::ffff:10.0.0.7", "", "unix"])
def test_without_a_token_nobody_elsewhere_is_answered(remote: str) -> None:
    app = web.Application()

    async def find(user_id: str) -> dict[str, Any] | None:
        raise AssertionError

    serve_state(app, find, len, Access(None))
    (route,) = [route for route in app.router.routes() if route.method == "GET"]
    request = make_mocked_request("GET", "/state/anna", match_info={"user": "anna"}).clone(remote=remote)
    assert asyncio.run(route.handler(request)).status == 403


def test_what_is_no_worker_is_said_to_be_none() -> None:
    async def other(request: web.Request) -> web.Response:
        return web.json_response({"hello": "world"}) if "there" in request.path else web.Response(status=500)

    async def run(user: str) -> None:
        app = web.Application()
        app.router.add_get("/state/{user}", other)
        async with TestServer(app) as server:
            await asyncio.to_thread(ask_state, str(server.make_url("/")), user, None)

    with pytest.raises(WorkerUnreachable, match="no worker of this version"):
        asyncio.run(run("there"))
    with pytest.raises(WorkerUnreachable, match="answers 500"):
        asyncio.run(run("broken"))
    with pytest.raises(WorkerUnreachable, match="--url"):
        ask_state("http://127.0.0.1:1", "anna", None)
    with pytest.raises(WorkerUnreachable, match="no address of a worker"):
        ask_state("file:///etc/passwd", "anna", None)


def test_the_data_folder_knows_where_its_worker_serves(tmp_path: Path) -> None:
    assert url_of(tmp_path) is None
    (tmp_path / "web.json").write_text('{"host": "::1", "port": 6066, "pid": 1}')
    assert url_of(tmp_path) == "http://[::1]:6066"
