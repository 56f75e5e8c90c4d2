"""Faust around an engine, for those who must know nothing of Faust: start, stop, the web server, and when it gives up."""

from __future__ import annotations

import socket

from aiohttp.web import Application

from streamrec.engine.app import create_app
from streamrec.engine.engine import Engine
from streamrec.engine.server import SocketWeb
from streamrec.engine.store.folder import instance_id
from streamrec.settings import Settings
from streamrec.web.connections import Connections


class Host:
    """Joins the group under the membership of the data folder, feeds the engine, and serves `pages` on `listening`."""

    def __init__(self, settings: Settings, engine: Engine, listening: socket.socket) -> None:
        self._app = create_app(settings, engine, instance_id(settings.data_dir, settings.instance_id), listening)
        assert isinstance(self._app.web, SocketWeb)
        self._web: SocketWeb = self._app.web

    @property
    def pages(self) -> Application:
        """The web server's pages; more may be added until it starts."""
        pages: Application = self._web.web_app
        return pages

    @property
    def connections(self) -> Connections:
        """The web server's connections."""
        return self._web.connections

    @property
    def crash_reason(self) -> BaseException | None:
        """Why Faust has given up, if it has."""
        return self._app.crash_reason

    async def start(self) -> None:
        """Join the group and serve; returns when Faust has started all its parts."""
        await self._app.start()

    async def crashed(self) -> None:
        """Wait until Faust gives up: it raises nowhere, so that nobody would notice."""
        await self._app._crashed.wait()

    async def stop(self) -> None:
        """Leave the group and close the web server."""
        await self._app.stop()
