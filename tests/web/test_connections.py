"""How many connections the server holds, and whose it ends."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
import uvloop
from aiohttp import web

from streamrec.engine.server import listen
from streamrec.web import connections
from streamrec.web.connections import Connections, accepting

MOST = 8


class Caller:
    """Clients at addresses of their own."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def call(self, address: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(address, 0))
        self._writers.append(writer)
        return reader, writer

    async def live(self, address: str = "127.0.0.1") -> str:
        """The first line of the answer of a page, asked for over a new connection."""
        reader, writer = await self.call(address)
        writer.write(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(60):
            line = (await reader.readline()).decode().strip()
        writer.close()
        return line

    def leave(self) -> None:
        """Close everything."""
        for writer in self._writers:
            writer.close()


async def ended(reader: asyncio.StreamReader) -> bool:
    """Waits until the server ends the connection."""
    async with asyncio.timeout(60):
        try:
            return await reader.read() == b""
        except ConnectionResetError:
            return True


def serve(visit: Callable[[Caller, Connections, asyncio.Event], Awaitable[None]], most: int = MOST) -> None:
    """Serve a page that answers at once, and one that answers once the event is set, on the loops of Python and of the worker."""

    async def run() -> None:
        held, go = Connections(most), asyncio.Event()

        async def live(request: web.Request) -> web.Response:
            return web.Response(text="live")

        async def slow(request: web.Request) -> web.Response:
            with held.working(request.protocol):
                await go.wait()
            return web.Response(text="done")

        async def large(request: web.Request) -> web.Response:
            return web.Response(body=bytes(64 << 20))

        app = web.Application()
        app.add_routes([web.get("/live", live), web.get("/slow", slow), web.get("/large", large)])
        with listen("127.0.0.1", 0) as listening:
            async with accepting(web.AppRunner(app, access_log=None), listening, held):
                caller = Caller(listening.getsockname()[1])
                try:
                    await visit(caller, held, go)
                finally:
                    caller.leave()
                    go.set()

    for factory in (asyncio.new_event_loop, uvloop.new_event_loop):
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(run())


def test_a_probe_is_answered_while_thirty_times_as_many_connections_idle() -> None:
    async def visit(caller: Caller, held: Connections, go: asyncio.Event) -> None:
        idle = [await caller.call() for _ in range(30 * MOST)]
        for _ in range(20):
            assert await caller.live() == "HTTP/1.1 200 OK"
        assert len(held) <= MOST
        assert await ended(idle[0][0]), "the idlest of all"

    serve(visit)


def test_whoever_has_the_most_connections_pays_for_one_more() -> None:
    async def visit(caller: Caller, held: Connections, go: asyncio.Event) -> None:
        modest = await caller.call("127.0.0.2")
        greedy = [await caller.call("127.0.0.3") for _ in range(MOST - 1)]
        assert await caller.live("127.0.0.4") == "HTTP/1.1 200 OK"
        assert await ended(greedy[0][0])
        modest[1].write(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await modest[0].readline()).startswith(b"HTTP/1.1 200"), "the first to come is still there"

    serve(visit)


async def busy(caller: Caller, held: Connections, count: int) -> list[asyncio.StreamReader]:
    """Connections whose requests are being worked on."""
    made = [await caller.call() for _ in range(count)]
    for _, writer in made:
        writer.write(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
    async with asyncio.timeout(60):
        while len(held._busy) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return [reader for reader, _ in made]


async def first_lines(readers: list[asyncio.StreamReader]) -> list[bytes]:
    """The first line of each answer; empty where the connection was ended."""
    lines = await asyncio.gather(*(reader.readline() for reader in readers), return_exceptions=True)
    return [b"" if isinstance(line, BaseException) else line for line in lines]


def test_what_is_worked_on_outlasts_what_is_idle() -> None:
    async def visit(caller: Caller, held: Connections, go: asyncio.Event) -> None:
        working = await busy(caller, held, MOST - 1)
        idle, _ = await caller.call()
        for _ in range(3 * MOST):
            await caller.call()
        assert await ended(idle)
        go.set()
        assert [line.split()[1] for line in await first_lines(working)] == [b"200"] * len(working)

    serve(visit)


def test_where_all_are_worked_on_a_probe_is_answered_at_the_cost_of_one() -> None:
    async def visit(caller: Caller, held: Connections, go: asyncio.Event) -> None:
        working = await busy(caller, held, MOST)
        assert await caller.live() == "HTTP/1.1 200 OK"
        go.set()
        assert (await first_lines(working)).count(b"") == 1

    serve(visit)


@pytest.mark.parametrize("sent", [b"", b"GET /live HTTP/1.1\r\nHost: local", b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n"])
def test_silent_and_dribbling_connections_end(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(connections, "IDLE_S", 0.2)

    async def visit(caller: Caller, held: Connections, go: asyncio.Event) -> None:
        reader, writer = await caller.call()
        writer.write(sent)

        async def dribble() -> None:
            while sent and not sent.endswith(b"\r\n"):
                writer.write(b"h")
                await asyncio.sleep(0.05)

        dribbling = asyncio.ensure_future(dribble())
        async with asyncio.timeout(60):
            with suppress(ConnectionResetError):  # what dribbled in as the server closed is answered with a reset
                while await reader.read(1 << 16):
                    pass
        dribbling.cancel()
        assert len(held) == 0

    serve(visit)


def test_a_client_that_reads_nothing_is_ended_too() -> None:
    async def visit(caller: Caller, held: Connections, go: asyncio.Event) -> None:
        _, deaf = await caller.call()
        deaf.transport.pause_reading()
        deaf.write(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        (connection,) = held._open
        for _ in range(3 * MOST):
            await caller.call()
        async with asyncio.timeout(60):
            while connection.transport is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    serve(visit)


def test_the_bound_leaves_most_descriptors_to_the_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, most in ((512, 64), (1024, 128), (1_048_576, 128), (64, 16)):
        monkeypatch.setattr(resource, "getrlimit", lambda kind, limit=limit: (limit, limit))
        assert Connections().most == most
