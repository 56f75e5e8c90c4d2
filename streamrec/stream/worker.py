"""The worker process: from its settings to its exit code."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import structlog
import uvloop
from aiohttp.web import Application

from streamrec import logs
from streamrec.clock import now_ms
from streamrec.events.partitioner import partition_of
from streamrec.settings import Settings
from streamrec.stream import topics
from streamrec.stream.app import StreamApp, create_app
from streamrec.stream.broadcast import Broadcast
from streamrec.stream.checkpoint import TopicIds
from streamrec.stream.core import Core
from streamrec.stream.engine import Engine
from streamrec.stream.exits import explain
from streamrec.stream.folder import instance_id, locked, write_web
from streamrec.stream.opening import Opener
from streamrec.stream.outbox import Outbox
from streamrec.stream.partition import Family, Tools
from streamrec.stream.pieces import Names, WorkerPieces
from streamrec.web.access import Access, is_loopback
from streamrec.web.feed import Feed
from streamrec.web.health import serve_health
from streamrec.web.metrics import Metrics
from streamrec.web.page import serve_page
from streamrec.web.removed import serve_removed
from streamrec.web.server import SocketWeb, listen
from streamrec.web.showing import People
from streamrec.web.state import serve_state

__all__ = ["WorkerPieces", "run_worker"]

log = structlog.get_logger(__name__)

INTERRUPTED = 130
GOODBYE_S = 5.0
SILENCE_S = 10.0
SWITCH_S = 0.0005
"""A batch passes through four threads; with Python's own 5 ms, each hand-over could wait that long for the interpreter."""


def run_worker(settings: Settings, pieces: Callable[[Settings], WorkerPieces]) -> int:
    """Run a worker until it is told to stop (SIGTERM or SIGINT), then save, close and return 0.

    A fault while it runs ends the process at once, with one line that says what to do and a code of `exits.CODES`:
    nothing is saved that is not whole, and the next start reads again what was not saved.

    Raises:
        BrokerUnavailable, TopicMismatch, DataFolderInUse, PortInUse, ModelError: it cannot start.
    """
    logs.configure(settings.log_level)
    # Rows are many and hold no cycles: looking through them for some costs more than all other work of the engine.
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(SWITCH_S)
    # Each partition has a connection and a dozen files; many systems begin with 1,024 in all, and allow more.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signal.signal(signal.SIGTERM, _leave)
    with locked(settings.data_dir), listen(settings.web_host, settings.web_port) as listening:
        reports = {report.topic: report for report in topics.create(settings)}
        ids = {topic: report.topic_id for topic, report in reports.items()}
        kept_ms = {topic: int(report.config.get("delete.retention.ms", topics.DAY_MS)) for topic, report in reports.items()}
        core = Core()
        built = core.call(pieces, settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                runner.run(_serve(settings, built, core, listening, ids, kept_ms))
            except Exception as exc:
                _die(exc, settings)
        core.stop()
    return 0


async def _serve(
    settings: Settings,
    pieces: WorkerPieces,
    core: Core,
    listening: socket.socket,
    ids: TopicIds,
    tombstones_kept_ms: Mapping[str, int],
) -> None:
    """Serve until told to stop; raises what makes going on impossible."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, lambda: os._exit(INTERRUPTED) if stop.is_set() else stop.set())
    metrics, outbox = Metrics(settings.prefix), Outbox(settings)
    metrics.follow_model(pieces.info, pieces.pairs, pieces.swaps, pieces.weights)
    metrics.follow_catalogue(pieces.held, pieces.dropped)
    tools = Tools(core, outbox, metrics, settings.checkpoint_lists, settings.topic("dead-letters"))
    engine = Engine(settings, _families(settings, pieces), tools, Opener(settings, core, ids, tombstones_kept_ms), ids)
    broadcast = Broadcast(settings, pieces, core)
    app = create_app(settings, engine, instance_id(settings.data_dir, settings.instance_id), listening)
    serve_health(app, metrics, lambda: _not_ready(engine, broadcast, stop), engine.lag, lambda: len(engine.inbox))
    feed = Feed(settings, pieces, core, tools.audience, metrics, lambda: _outlook(settings, engine, _not_ready(engine, broadcast, stop)))
    assert isinstance(app.web, SocketWeb)
    access = Access(settings.web_token.get_secret_value() if settings.web_token else None)
    serve_page(app.web.web_app, feed, access)
    _serve_people(app.web.web_app, settings, pieces, engine, access, feed.people)
    host, port = listening.getsockname()[:2]
    write_web(settings.data_dir, host, port)
    if access.open and not is_loopback(settings.web_host):
        log.warning("whoever reaches the web server sees the live page; set web_token (STREAMREC_WEB_TOKEN)", web_host=settings.web_host)
    log.info("starting", broker=settings.broker, group=settings.app_id, web=f"http://{host}:{port}")

    await outbox.open()
    work = [engine.watch(one) for one in (broadcast.run(), _open_gate(engine, broadcast, pieces), engine.run())]
    start = engine.watch(app.start())
    ends = [asyncio.ensure_future(one) for one in (stop.wait(), app._crashed.wait(), engine.failure)]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if app.crash_reason is not None:
        engine.fail(app.crash_reason)
    if not engine.failure.done():
        log.info("stopping")
        await engine.close()
    if engine.failure.done():
        engine.failure.result()
    start.cancel()
    goodbye = asyncio.create_task(_close(app, outbox, [*work, *ends]))
    await asyncio.wait([goodbye], timeout=GOODBYE_S)
    if not goodbye.done():
        log.warning("all is saved, but Kafka does not answer; ending without taking leave")
        os._exit(0)
    goodbye.result()
    log.info("stopped")


def _serve_people(web_app: Application, settings: Settings, pieces: WorkerPieces, engine: Engine, access: Access, people: People) -> None:
    def number(user_id: str) -> int:
        return partition_of(user_id.encode(), settings.partitions)

    async def find(user_id: str) -> dict[str, Any] | None:
        return await engine.look("user", number(user_id), lambda rows: pieces.known(rows, user_id))

    async def removed(user_id: str) -> dict[str, list[str]] | None:
        return await engine.look("user", number(user_id), lambda rows: pieces.removed(rows, user_id))

    async def names(items: list[str]) -> Names:
        return await engine.tools.core.run(pieces.names, items, [])

    serve_state(web_app, find, number, access)
    serve_removed(web_app, removed, names, people, access)


async def _close(app: StreamApp, outbox: Outbox, tasks: Sequence[asyncio.Future[Any]]) -> None:
    await app.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await outbox.close()


async def _open_gate(engine: Engine, broadcast: Broadcast, pieces: WorkerPieces) -> None:
    await broadcast.caught_up.wait()
    await engine.tools.core.run(pieces.warm)
    gc.collect()
    gc.freeze()
    engine.gate.set()


def _not_ready(engine: Engine, broadcast: Broadcast, stop: asyncio.Event) -> list[str]:
    reasons = []
    if stop.is_set():
        reasons.append("stopping")
    if not broadcast.caught_up.is_set():
        reasons.append(f"reading {', '.join(broadcast.behind())}")
    elif not engine.gate.is_set():
        reasons.append("warming the model")
    if not engine.joined:
        reasons.append("waiting for the group to assign partitions")
    if engine.silence_s() > SILENCE_S:
        reasons.append("waiting for Kafka to answer")
    if engine.opening():
        reasons.append(f"recovering {engine.opening()} partitions")
    return reasons


def _outlook(settings: Settings, engine: Engine, not_ready: list[str]) -> dict[str, Any]:
    """What the live page shows beside the metrics."""
    lag = {topic.removeprefix(settings.prefix): records for topic, records in engine.lag().items()}
    return {"not_ready": not_ready, "lag": lag, "queue": len(engine.inbox), "ts": now_ms()}


def _families(settings: Settings, pieces: WorkerPieces) -> tuple[Family, Family]:
    def full(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(settings.topic(name) for name in names)

    return (
        Family("user", full(topics.USER_SOURCES), settings.topic("user-changelog"), pieces.user),
        Family("item", full(topics.ITEM_SOURCES), settings.topic("item-changelog"), pieces.item),
    )


def _leave(number: int, frame: object) -> NoReturn:
    sys.exit(0)


def _die(exc: BaseException, settings: Settings) -> NoReturn:
    code, message = explain(exc, str(settings.data_dir))
    log.error(message, code=code)
    log.debug("the fault", exc_info=exc)
    sys.stderr.flush()
    # Threads that hang must not keep a process alive that has given up.
    os._exit(code)
