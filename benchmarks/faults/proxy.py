"""A TCP proxy before a broker, which stalls and drops as a network does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, TypeVar

from streamrec.broker.ports import HOST

CHUNK = 64 * 1024
BACKLOG = 128
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends RST, as a broken line does, and no farewell."""

Result = TypeVar("Result")


class Proxy:
    """Passes bytes between clients of `port` and a target, in a thread of its own, until told otherwise.

    The port is taken at once, so that a broker can advertise it before it starts; the target is named with `to`.

        with Proxy() as proxy:
            proxy.to(9092)
            proxy.stall()
    """

    def __init__(self) -> None:
        self._listening = _bound(0)
        self.port: int = self._listening.getsockname()[1]
        self.target = 0
        self._loop = asyncio.new_event_loop()
        self._requests, self._answers = asyncio.Event(), asyncio.Event()
        self._pairs: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)

    @property
    def connections(self) -> int:
        """How many there are through it now."""
        return len(self._pairs)

    def to(self, port: int) -> None:
        """Pass new connections on to this port of the same machine."""
        self.target = port

    def stall(self) -> None:
        """Let no byte through, either way; connections stay, and new ones are accepted into the silence."""
        self._call(self._stall())

    def mute(self) -> None:
        """Let requests through, but hold the answers back: what was asked for happens, and nobody hears of it."""
        self._call(self._mute())

    def drop(self) -> None:
        """Reset all connections and refuse new ones."""
        self._call(self._drop())

    def heal(self) -> None:
        """Pass bytes again: those held back first, and new connections after `drop`."""
        self._call(self._heal())

    def __enter__(self) -> Proxy:
        self._thread.start()
        self.heal()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._call(self._drop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _stall(self) -> None:
        self._requests.clear()
        self._answers.clear()

    async def _mute(self) -> None:
        self._answers.clear()

    async def _heal(self) -> None:
        self._requests.set()
        self._answers.set()
        if self._server is None:
            if self._listening.fileno() < 0:
                self._listening = _bound(self.port)
            self._server = await asyncio.start_server(self._accept, sock=self._listening, backlog=BACKLOG)

    async def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for pair in self._pairs:
            pair.cancel()
        if self._pairs:
            await asyncio.wait(self._pairs)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pair = asyncio.current_task()
        assert pair is not None
        self._pairs.add(pair)
        ends = [writer]
        try:
            there, onward = await asyncio.open_connection(HOST, self.target)
            ends.append(onward)
            ways = [
                asyncio.ensure_future(_pump(reader, onward, self._requests)),
                asyncio.ensure_future(_pump(there, writer, self._answers)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.wait(ways)
        except (OSError, asyncio.CancelledError):
            pass  # a broker that is away, or `drop`: the client learns it from the reset below
        finally:
            for end in ends:
                _reset(end)
            self._pairs.discard(pair)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            await flowing.wait()
            writer.write(chunk)
            await writer.drain()
    await flowing.wait()  # nor does a farewell get through


def _bound(port: int) -> socket.socket:
    """A socket on the port that does not listen yet."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((HOST, port))
    return made


def _reset(writer: asyncio.StreamWriter) -> None:
    end = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
