"""How the commands ask a worker."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from streamrec.errors import WorkerUnreachable
from streamrec.web.client import ask_state, get, url_of

SECRET = "a long secret"  # noqa: S105


class Spy:
    """A server that answers everything with a status, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.status, self.location, self.body, self.raw = 200, "", b"{}", b""
        spy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                spy.asked.append((self.path, self.headers["Authorization"]))
                if spy.raw:
                    self.wfile.write(spy.raw)
                    return
                self.send_response(spy.status)
                self.send_header("Location", spy.location)
                self.send_header("Content-Length", str(len(spy.body)))
                self.end_headers()
                self.wfile.write(spy.body)

            def do_CONNECT(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def spies() -> Iterator[list[Spy]]:
    made = [Spy(), Spy()]
    threads = [threading.Thread(target=spy.server.serve_forever, kwargs={"poll_interval": 0.01}) for spy in made]
    for thread in threads:
        thread.start()
    yield made
    for spy, thread in zip(made, threads, strict=True):
        spy.server.shutdown()
        thread.join()
        spy.server.server_close()


def test_no_proxy_hears_of_a_user_or_a_token(spies: list[Spy], monkeypatch: pytest.MonkeyPatch) -> None:
    worker, proxy = spies
    worker.body = b'{"row": null, "here": true}'
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    assert ask_state(worker.url, "ann", SECRET)["here"]
    assert worker.asked == [("/state/ann", f"Bearer {SECRET}")]
    with pytest.raises(WorkerUnreachable):
        ask_state("https://127.0.0.1:1", "ann", SECRET)
    with pytest.raises(WorkerUnreachable):
        ask_state("http://no-such-host.invalid", "ann", SECRET)
    assert proxy.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirection_takes_the_token_along(spies: list[Spy], status: int) -> None:
    worker, other = spies
    worker.status, worker.location = status, f"{other.url}/state/ann"
    with pytest.raises(WorkerUnreachable, match=f"answers {status}"):
        ask_state(worker.url, "ann", SECRET)
    assert other.asked == []


def test_a_token_in_any_writing_arrives_as_it_is(spies: list[Spy]) -> None:
    get(spies[0].url, "口令, schön lang")
    ((_, said),) = spies[0].asked
    assert str(said).encode("latin-1").decode() == "Bearer 口令, schön lang"


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


@pytest.mark.parametrize("url", ["http://me:hush@127.0.0.1:1", "http://hush@127.0.0.1", "http://me:hush@[::1", "me:hush@127.0.0.1:1"])
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(WorkerUnreachable) as caught:
        ask_state(url, "anna", None)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://a..b:1", "http://[::1", "http://127.0.0.1:x", "http://127.0.0.1:99999", "http://", "worker:6066"])
def test_what_is_no_address_is_an_error_that_says_so(url: str) -> None:
    with pytest.raises(WorkerUnreachable, match="--url"):
        ask_state(url, "anna", None)


def test_what_answers_no_http_is_said_to_answer_none(spies: list[Spy]) -> None:
    spies[0].raw = b"SSH-2.0-x\r\n\r\n"
    with pytest.raises(WorkerUnreachable, match="no HTTP"):
        ask_state(spies[0].url, "anna", None)


def test_the_data_folder_knows_where_its_worker_serves(tmp_path: Path) -> None:
    assert url_of(tmp_path) is None
    (tmp_path / "web.json").write_text('{"host": "::1", "port": 6066, "pid": 1}')
    assert url_of(tmp_path) == "http://[::1]:6066"
