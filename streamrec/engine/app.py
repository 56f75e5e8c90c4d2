"""The Faust app, with our transport and web server, and none of Faust's tables, commits and topics."""

from __future__ import annotations

import socket
from typing import Any

import faust
from faust.app.base import BootStrategy
from faust.tables.manager import TableManager

from streamrec.engine import agents
from streamrec.engine.connection import faust_options
from streamrec.engine.engine import Engine
from streamrec.engine.fetching import quiet
from streamrec.engine.server import SocketWeb
from streamrec.engine.transport import BatchTransport
from streamrec.settings import Settings

QUEUED_BATCHES = 100_000
"""More than can ever wait for an agent, so that Faust's queue never blocks: the engine lets one batch of each partition be under way."""


class NoTables(TableManager):
    """Starts Faust's recovery at once. Without tables it only resumes the streams; Faust would wait a second for tables to appear."""

    logger = quiet

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()


class Boot(BootStrategy):
    """Starts no producer of Faust's: the engine has its own."""

    enable_kafka_producer = False


class StreamApp(faust.App):
    """A Faust app on a listening socket."""

    BootStrategy = Boot
    logger = quiet

    def __init__(self, listening: socket.socket, *args: Any, **options: Any) -> None:
        self._listening = listening
        super().__init__(*args, **options)

    def _new_web(self) -> SocketWeb:
        return SocketWeb(self, self._listening)

    def _create_directories(self) -> None:
        pass

    async def _producer_flush(self, logger: Any) -> None:
        pass


def create_app(settings: Settings, engine: Engine, instance_id: str, listening: socket.socket) -> StreamApp:
    """The app with its agents, not yet started."""
    app = StreamApp(
        listening,
        settings.app_id,
        autodiscover=False,
        store="memory://",
        datadir=str(settings.data_dir),
        TableManager=NoTables,
        topic_disable_leader=True,
        topic_allow_declare=False,
        consumer_group_instance_id=instance_id,
        consumer_auto_offset_reset="none",  # nothing but the engine may move a fetch position
        broker_max_poll_records=settings.poll_records,
        broker_session_timeout=settings.session_timeout_s,
        # Kafka's rule is a third of the session at most: here five heartbeats may be lost before the group takes the worker for dead.
        broker_heartbeat_interval=settings.session_timeout_s / 6,
        # A rebalance waits while every member saves its partitions, which may take `stall_timeout_s`.
        broker_rebalance_timeout=2 * settings.stall_timeout_s,
        # The engine commits by itself; of Faust's commits an hour makes as good as none.
        broker_commit_interval=3600.0,
        stream_buffer_maxsize=QUEUED_BATCHES,
        stream_recovery_delay=0.0,
        stream_wait_empty=True,
        web_enabled=True,
        **faust_options(settings),
    )
    app.transport = BatchTransport(engine, app.conf.broker_consumer, app)
    agents.declare(app, engine)
    return app
