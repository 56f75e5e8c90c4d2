"""How many connections the web server holds, and for how long. Whoever opens many must not keep others out, least of all probes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import AppRunner, RequestHandler, Server

from streamrec.system.addresses import holder

log = structlog.get_logger(__name__)

MOST = 128
"""Pages, probes and tools are a handful; the rest is for clients that keep theirs open."""
LEAST = 16
"""Where descriptors are few, probes and a page still find room."""
SHARE = 8
"""The server takes at most this part of the descriptors that the process may open; partitions and brokers need the rest."""
IDLE_S = 15.0
"""A connection ends when it has not sent a whole request for so long, whether it is silent or dribbles its headers."""
LINGER_S = 2.0
"""How long the rest of a body that nobody reads is waited for."""
SAID_EVERY_S = 60.0
"""An attack must not fill the log."""


class _Unquoted(logging.Filter):
    """Drops aiohttp's tracebacks of malformed requests: they quote headers, and tokens are in headers."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_logger = logging.getLogger("streamrec.web.protocol")
_logger.addFilter(_Unquoted())


class Connection(RequestHandler):
    """One connection, registered with its `Connections` for as long as it lives."""

    __slots__ = ("_among", "client")

    def __init__(self, among: Connections, server: Server) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=IDLE_S,
            lingering_time=LINGER_S,
            auto_decompress=False,  # a small body would become a large one
            logger=_logger,
            access_log=None,  # type: ignore[arg-type]  # aiohttp's own way to have none
        )
        self._among = among
        self.client = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        super().connection_made(transport)
        self.client = holder(str((transport.get_extra_info("peername") or ("",))[0]))
        self._among.opened(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Called by the event loop."""
        self._among.closed(self)
        super().connection_lost(exc)

    def abort(self) -> None:
        """End the connection at once, even if the client does not read what waits for it."""
        if self.transport is not None:
            self.transport.abort()


class Connections:
    """Holds at most `most` connections. One more ends the idlest of the client that has the most, so that others always find room."""

    def __init__(self, most: int | None = None) -> None:
        self.most = max(LEAST, min(MOST, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // SHARE)) if most is None else most
        self._open: dict[Connection, None] = {}  # those whose last request is longest ago come first
        self._busy: set[RequestHandler] = set()
        self._said = float("-inf")

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, connection: Connection) -> None:
        """A connection was accepted."""
        self._open[connection] = None
        if len(self._open) > self.most:
            self._make_room(connection)

    def closed(self, connection: Connection) -> None:
        """A connection is gone."""
        self._open.pop(connection, None)

    @contextlib.contextmanager
    def working(self, connection: RequestHandler) -> Iterator[None]:
        """Mark the connection as busy for the block: idle ones of its client are ended first."""
        self._busy.add(connection)
        try:
            yield
        finally:
            self._busy.discard(connection)
            if isinstance(connection, Connection) and connection in self._open:
                del self._open[connection]
                self._open[connection] = None

    def _make_room(self, newest: Connection) -> None:
        held = Counter(connection.client for connection in self._open)
        others = (connection for connection in self._open if connection is not newest)
        gone = max(others, key=lambda connection: (held[connection.client], connection not in self._busy))  # of equals the first
        del self._open[gone]
        gone.abort()
        if (now := asyncio.get_running_loop().time()) - self._said >= SAID_EVERY_S:
            self._said = now
            log.warning("the web server has as many connections as it may; idle ones are ended", most=self.most, client=gone.client)


@contextlib.asynccontextmanager
async def accepting(runner: AppRunner, listening: socket.socket, connections: Connections) -> AsyncIterator[None]:
    """Serve the application of a runner on a bound socket until the end of the block, then close everything."""
    await runner.setup()
    server = runner.server
    assert server is not None
    try:
        accepts = await asyncio.get_running_loop().create_server(lambda: Connection(connections, server), sock=listening)
        try:
            yield
        finally:
            accepts.close()
    finally:
        await runner.cleanup()
