"""The worker process: from its settings to its exit code."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import structlog
import uvloop
from aiohttp.web import Application

from streamrec.contract.backlog import Backlog, together
from streamrec.contract.pieces import Names, WorkerPieces
from streamrec.engine.app import StreamApp, create_app
from streamrec.engine.broadcast import Broadcast
from streamrec.engine.checkpoint import TopicIds
from streamrec.engine.engine import Engine
from streamrec.engine.exits import explain
from streamrec.engine.identity import TopicIdentity
from streamrec.engine.opening import Opener
from streamrec.engine.outbox import Outbox
from streamrec.engine.partition import Family, Tools
from streamrec.engine.server import SocketWeb, listen
from streamrec.engine.store.folder import Fault, forget_fault, instance_id, locked, write_fault, write_web
from streamrec.events.partitioner import partition_of
from streamrec.kafka import patches, topics
from streamrec.observe.health import serve_health
from streamrec.observe.metrics import Metrics
from streamrec.settings import Settings
from streamrec.system import logs
from streamrec.system.addresses import http_url, is_loopback
from streamrec.system.clock import now_ms
from streamrec.system.core import Core
from streamrec.web.access import Access
from streamrec.web.feed import Feed
from streamrec.web.gate import guard
from streamrec.web.page import serve_page
from streamrec.web.removed import serve_removed
from streamrec.web.showing import People
from streamrec.web.state import serve_state

__all__ = ["WorkerPieces", "run_worker"]

log = structlog.get_logger(__name__)

INTERRUPTED = 130
GOODBYE_S = 5.0
SILENCE_S = 10.0
OVERDUE_S = 10.0
"""A worker that keeps up makes a list some tenths of a second after its time; one that is so late has more to do than it can."""
WELL_S = 60.0
"""A worker that stumbles over a record does so soon after its start: what it then said is kept until one has run for so long."""
SWITCH_S = 0.0005
"""A batch passes through four threads; with Python's own 5 ms, each hand-over could wait that long for the interpreter."""


def run_worker(settings: Settings, pieces: Callable[[Settings], WorkerPieces]) -> NoReturn:
    """Run a worker until it is told to stop (SIGTERM or SIGINT), then save, close and end the process with 0.

    A fault while it runs ends the process at once, with one line that says what to do and a code of `exits.CODES`:
    nothing is saved that is not whole, and the next start reads again what was not saved.

    Raises:
        BrokerUnavailable, TopicMismatch, DataFolderInUse, PortInUse, ModelError: it cannot start.
    """
    logs.configure(settings.log_level)
    patches.install()
    # Rows are many and hold no cycles: looking through them for some costs more than all other work of the engine.
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(SWITCH_S)
    # Each partition has a connection and a dozen files; many systems begin with 1,024 in all, and allow more.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signal.signal(signal.SIGTERM, _leave)
    with locked(settings.data_dir), listen(settings.web_host, settings.web_port) as listening:
        reports = topics.create(settings)
        core = Core()
        built = core.call(pieces, settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                runner.run(_serve(settings, built, core, listening, reports))
            except Exception as exc:
                _die(exc, settings)
        core.stop()
    _end(0)


async def _serve(
    settings: Settings,
    pieces: WorkerPieces,
    core: Core,
    listening: socket.socket,
    reports: Sequence[topics.Report],
) -> None:
    """Serve until told to stop; raises what makes going on impossible. `reports` tell how the topics are."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, lambda: os._exit(INTERRUPTED) if stop.is_set() else stop.set())
    ids: TopicIds = {report.topic: report.topic_id for report in reports}
    kept_ms = {report.topic: int(report.config.get("delete.retention.ms", topics.DAY_MS)) for report in reports}
    limits = {report.topic: int(report.config.get("max.message.bytes", topics.EVENT_BYTES)) for report in reports}
    metrics, outbox = Metrics(settings.prefix), Outbox(settings, limits)
    metrics.follow_model(pieces.info, pieces.pairs, pieces.swaps, pieces.weights)
    metrics.follow_catalogue(pieces.held, pieces.dropped)
    metrics.parked.labels("catalogue").set_function(pieces.awaiting)
    families = _families(settings, pieces)
    state = {topic for family in families for topic in (*family.sources, family.changelog)}
    identity = TopicIdentity(settings, reports, state, pieces.broadcast)
    tools = Tools(core, outbox, metrics, settings.checkpoint_lists, settings.topic("dead-letters"), identity.confirm)
    engine = Engine(settings, families, tools, Opener(settings, core, ids, kept_ms), ids)
    broadcast = Broadcast(settings, pieces, core)
    app = create_app(settings, engine, instance_id(settings.data_dir, settings.instance_id), listening)

    def backlog() -> Backlog:
        return together(pieces.backlog(memory, now_ms()) for memory in engine.memories("user"))

    def not_ready() -> list[str]:
        return _not_ready(engine, broadcast, stop, backlog())

    serve_health(app, metrics, not_ready, engine.lag, lambda: len(engine.inbox), backlog)
    feed = Feed(settings, pieces, core, tools.audience, metrics, lambda: _outlook(settings, engine, not_ready()))
    assert isinstance(app.web, SocketWeb)
    host, port = listening.getsockname()[:2]
    access = Access(settings.web_token.get_secret_value() if settings.web_token else None, settings.web_host, host)
    guard(app.web.web_app, access, app.web.connections)
    serve_page(app.web.web_app, feed, access)
    _serve_people(app.web.web_app, settings, pieces, engine, feed.people)
    write_web(settings.data_dir, host, port)
    if access.open and not is_loopback(host):
        log.info("without web_token, only /live, /ready and /metrics are served to other machines", web_host=settings.web_host)
    log.info("starting", broker=settings.broker, group=settings.app_id, web=http_url(host, port))

    await outbox.open()
    work = [engine.watch(one) for one in (identity.run(), broadcast.run(), _open_gate(settings, engine, broadcast, pieces), engine.run())]
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


def _serve_people(web_app: Application, settings: Settings, pieces: WorkerPieces, engine: Engine, people: People) -> None:
    def number(user_id: str) -> int:
        return partition_of(user_id.encode(), settings.partitions)

    async def find(user_id: str) -> dict[str, Any] | None:
        return await engine.look("user", number(user_id), lambda rows: pieces.known(rows, user_id))

    async def removed(user_id: str) -> dict[str, list[str]] | None:
        return await engine.look("user", number(user_id), lambda rows: pieces.removed(rows, user_id))

    async def names(items: list[str]) -> Names:
        return await engine.tools.core.run(pieces.names, items, [])

    serve_state(web_app, find, number)
    serve_removed(web_app, removed, names, people)


async def _close(app: StreamApp, outbox: Outbox, tasks: Sequence[asyncio.Future[Any]]) -> None:
    await app.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await outbox.close()


async def _open_gate(settings: Settings, engine: Engine, broadcast: Broadcast, pieces: WorkerPieces) -> None:
    await broadcast.caught_up.wait()
    await engine.tools.core.run(pieces.warm)
    gc.collect()
    gc.freeze()
    engine.gate.set()
    await asyncio.sleep(WELL_S)
    forget_fault(settings.data_dir)


def _not_ready(engine: Engine, broadcast: Broadcast, stop: asyncio.Event, backlog: Backlog) -> list[str]:
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
    if backlog.overdue_s > OVERDUE_S:
        reasons.append(f"{backlog.overdue} users wait for their lists, the first for {backlog.overdue_s:.0f} s")
    return reasons


def _outlook(settings: Settings, engine: Engine, not_ready: list[str]) -> dict[str, Any]:
    """What the live page shows beside the metrics."""
    lag = {topic.removeprefix(settings.prefix): records for topic, records in engine.lag().items()}
    return {"not_ready": not_ready, "lag": lag, "queue": len(engine.inbox), "ts": now_ms()}


def _families(settings: Settings, pieces: WorkerPieces) -> tuple[Family, Family]:
    state = topics.state_topics(settings)
    return Family("user", *state["user"], pieces.user, personal=True), Family("item", *state["item"], pieces.item)


def _leave(number: int, frame: object) -> NoReturn:
    sys.exit(0)


def _die(exc: BaseException, settings: Settings) -> NoReturn:
    code, message = explain(exc, str(settings.data_dir))
    log.error(message, code=code)
    write_fault(settings.data_dir, Fault(now_ms(), code, message))
    log.debug("the fault", exc_info=exc)
    _end(code)


def _end(code: int) -> NoReturn:
    """End the process, whatever its threads do: one of Faust's lives on where it is told to stop before it has started."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
