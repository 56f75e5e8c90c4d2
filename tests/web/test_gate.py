"""The gate before all pages, asked over a real connection."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest
import uvloop
from aiohttp import web

from streamrec.engine.server import listen
from streamrec.web import guesses
from streamrec.web.access import Access
from streamrec.web.connections import Connections, accepting
from streamrec.web.gate import ENTRANCE, HEADERS, HEALTH, guard

TOKEN = "a long secret"  # noqa: S105
SECRET_ROW = "what anna bought"  # noqa: S105


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str


Ask = Callable[..., Awaitable[Answer]]


async def send(port: int, raw: bytes, leave: asyncio.Event | None) -> Answer:
    """What comes back for these bytes, to a client that may be told to `leave` before."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    async with asyncio.timeout(60):
        answer = (await reader.read()).decode() if leave is None else f"HTTP/1.1 0 {await leave.wait()}"
    writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    return Answer(int(first.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body)


def serve(visit: Callable[[Ask], Awaitable[None]], token: str | None = None, web_host: str = "127.0.0.1", host: str = "127.0.0.1") -> None:
    """Serve health, the entrance and a page about people, and let someone ask for them."""

    async def personal(request: web.Request) -> web.Response:
        if "broken" in request.query:
            raise RuntimeError(SECRET_ROW)
        return web.Response(text=SECRET_ROW)

    async def public(request: web.Request) -> web.Response:
        return web.Response(text="public")

    async def run() -> None:
        app, connections = web.Application(), Connections(128)
        guard(app, Access(token, web_host), connections)
        for path in (*HEALTH, *ENTRANCE):
            app.router.add_get(path, public)
        for path in ("/state/{user:.+}", "/feed", "/one-of-tomorrow"):
            app.router.add_get(path, personal)
        with listen(host, 0) as listening:
            port = listening.getsockname()[1]

            async def ask(
                path: str = "/feed",
                *lines: str,
                host: str | None = "localhost",
                version: str = "1.1",
                leave: asyncio.Event | None = None,
            ) -> Answer:
                named = [f"Host: {host}"] if host is not None else []
                raw = "\r\n".join([f"GET {path} HTTP/{version}", *named, "Connection: close", *lines, "", ""])
                return await send(port, raw.encode(), leave)

            async with accepting(web.AppRunner(app, access_log=None), listening, connections):
                await visit(ask)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


PERSONAL = ["/feed", "/feed?user=anna", "/state/anna", "/one-of-tomorrow", "//feed", "/%66eed", "/none", "/page/../feed", "/live/../feed"]


def test_without_a_token_this_machine_sees_everything() -> None:
    async def visit(ask: Ask) -> None:
        for path in ("/", "/feed", "/state/anna", *HEALTH):
            assert (await ask(path)).status == 200, path
        assert (await ask("/nowhere")).status == 404

    serve(visit)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:6066", "10.0.0.7", "", "127.0.0.1@evil.example"])
def test_a_page_whose_name_was_rebound_is_told_nothing_not_even_health(host: str) -> None:
    async def visit(ask: Ask) -> None:
        for path in ("/", *PERSONAL, *HEALTH):
            answer = await ask(path, host=host)
            assert answer.status == 403, path
            assert SECRET_ROW not in answer.body
            assert "127.0.0.1" in json.loads(answer.body)["error"]

    serve(visit)


def test_the_host_of_the_target_counts_as_well() -> None:
    async def visit(ask: Ask) -> None:
        assert (await ask("http://evil.example/feed")).status == 403
        assert (await ask("http://localhost:6066/feed", host="evil.example")).status == 403
        assert (await ask("http://localhost:6066/feed")).status == 200

    serve(visit)


def test_a_request_without_a_host_or_with_two_is_refused() -> None:
    async def visit(ask: Ask) -> None:
        assert (await ask(host=None)).status == 400
        assert (await ask("/feed", "Host: localhost")).status == 400
        assert (await ask(host=None, version="1.0")).status == 403

    serve(visit)


@pytest.mark.parametrize("header", ["X-Forwarded-For: 10.0.0.7", "Forwarded: for=10.0.0.7", "Via: 1.1 squid", "X-Real-IP: 127.0.0.1"])
def test_without_a_token_a_proxy_of_this_machine_gets_health_alone(header: str) -> None:
    async def visit(ask: Ask) -> None:
        for path in ("/", *PERSONAL):
            assert (await ask(path, header)).status == 403, path
        assert {(await ask(path, header)).status for path in HEALTH} == {200}

    serve(visit)


def test_where_others_reach_the_server_health_answers_to_any_name_and_all_else_to_this_machine() -> None:
    async def visit(ask: Ask) -> None:
        for path in HEALTH:
            assert (await ask(path, host="10.1.2.3:6066")).status == 200
        assert (await ask("/", host="10.1.2.3:6066")).status == 403
        assert (await ask("/feed")).status == 200

    serve(visit, web_host="0.0.0.0")  # noqa: S104


def test_a_server_on_all_ipv6_addresses_takes_an_ipv4_client_of_this_machine_for_one() -> None:
    async def visit(ask: Ask) -> None:
        assert (await ask("/feed")).status == 200

    serve(visit, web_host="::", host="::")


def test_with_a_token_every_page_asks_for_it_but_health_and_the_entrance() -> None:
    async def visit(ask: Ask) -> None:
        for path in PERSONAL:
            refused = await ask(path)
            assert (refused.status, refused.headers["www-authenticate"]) == (401, "bearer"), path
            assert SECRET_ROW not in refused.body
        for path in (*HEALTH, "/", "/page/page.css", "/login"):
            assert (await ask(path, host="page.example")).status == 200, path
        assert (await ask("/state/anna", f"Authorization: Bearer {TOKEN}", "X-Forwarded-For: 10.0.0.7", host="page.example")).status == 200

    serve(visit, TOKEN)


def test_another_sites_page_is_refused_with_a_token_too() -> None:
    async def visit(ask: Ask) -> None:
        answer = await ask("/feed", f"Authorization: Bearer {TOKEN}", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors")
        assert answer.status == 403
        assert (await ask("/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate")).status == 200

    serve(visit, TOKEN)


def test_every_answer_bears_the_headers() -> None:
    async def visit(ask: Ask) -> None:
        for path in ("/", "/live", "/feed", "/feed?broken", "/nowhere"):
            answer = await ask(path)
            assert {name: answer.headers[name.lower()] for name in HEADERS} == {name: value.lower() for name, value in HEADERS.items()}

    serve(visit)


def test_what_a_page_raises_is_in_the_log_and_not_in_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    async def visit(ask: Ask) -> None:
        asyncio.get_running_loop().set_debug(True)  # aiohttp would answer with the traceback
        answer = await ask("/feed?broken")
        assert answer.status == 500
        assert "log" in json.loads(answer.body)["error"]
        assert SECRET_ROW not in answer.body
        assert "Traceback" not in answer.body

    serve(visit)


@pytest.mark.parametrize("header", [f"Authorization: Bearer {TOKEN}\x01", f"Cookie: streamrec={TOKEN}\0", f"Bad Name {TOKEN}: x"])
def test_no_token_in_a_malformed_request_is_logged(caplog: pytest.LogCaptureFixture, header: str) -> None:
    caplog.set_level(logging.DEBUG)

    async def visit(ask: Ask) -> None:
        assert (await ask("/feed", header)).status == 400

    serve(visit, TOKEN)
    assert TOKEN not in caplog.text


WAYS = ["Authorization: Bearer {}", "Cookie: streamrec={}"]


@pytest.mark.parametrize("way", WAYS)
def test_wrong_tokens_wait_and_the_right_one_is_answered_among_them(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Whoever guesses waits as long as the pause says, and the holder, from the same address even, no longer than that."""
    pauses: list[float] = []
    begin = guesses.Guesses.begin

    def noted(self: Any, client: str) -> float:
        pauses.append(begin(self, client))
        return pauses[-1]

    monkeypatch.setattr(guesses.Guesses, "begin", noted)
    monkeypatch.setattr(guesses, "LONGEST_S", 1.0)
    monkeypatch.setattr(guesses, "FORGIVEN_S", 1e9)

    async def visit(ask: Ask) -> None:
        guessed = [ask("/feed", way.format(f"guess-{number}")) for number in range(60)]
        answers = await asyncio.gather(*guessed, ask("/feed", f"Authorization: Bearer {TOKEN}"))
        assert [answer.status for answer in answers] == [401] * 60 + [200]
        assert pauses.count(0) == guesses.FREE
        assert pauses.count(1.0) >= 50

    serve(visit, TOKEN)


def test_whoever_goes_away_during_the_pause_has_learned_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, compared = asyncio.Event(), []

    def begin(self: Any, client: str) -> float:
        begun.set()
        return 30.0

    monkeypatch.setattr(guesses.Guesses, "begin", begin)
    monkeypatch.setattr("hmac.compare_digest", lambda given, wanted: compared.append(given))

    async def visit(ask: Ask) -> None:
        await ask("/feed", "Authorization: Bearer guess", leave=begun)

    serve(visit, TOKEN)  # it ends when all requests have ended
    assert compared == []
