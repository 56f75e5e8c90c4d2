"""Faust's web server on a socket that is already bound, with our pages instead of Faust's."""

from __future__ import annotations

import contextlib
import logging
import socket
from typing import Any, ClassVar

from faust.web.drivers.aiohttp import Web

from streamrec.errors import PortInUse
from streamrec.web.connections import Connections, accepting


class SocketWeb(Web):
    """Serves on a socket that listens already: a taken port shows before the worker joins its group, and port 0 has become a number."""

    logger = logging.getLogger("faust.streamrec")
    default_blueprints: ClassVar[Any] = ()
    production_blueprints: ClassVar[Any] = ()
    debug_blueprints: ClassVar[Any] = ()
    optional_blueprints: ClassVar[Any] = ()

    def __init__(self, app: Any, listening: socket.socket) -> None:
        super().__init__(app)
        self._listening = listening
        self.connections = Connections()
        self._serving = contextlib.AsyncExitStack()

    async def start_server(self) -> None:
        """Called by Faust."""
        await self._serving.enter_async_context(accepting(self._runner, self._listening, self.connections))

    async def stop_server(self) -> None:
        """Called by Faust."""
        await self._serving.aclose()


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address; port 0 takes a free one.

    Raises:
        PortInUse: another process listens there, or the address is not this machine's.
    """
    advice = "choose another port with --web-port (0 takes a free one), or another address with --web-host"
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
        except BaseException:
            listening.close()
            raise
    except OSError as exc:
        raise PortInUse(f"cannot listen on {host}:{port} ({exc.strerror}): {advice}") from exc
    except UnicodeError as exc:
        raise PortInUse(f"cannot listen on {host}:{port} (this is no host name): {advice}") from exc
    return listening
