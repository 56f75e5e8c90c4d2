"""A worker on the event loop: what it is made of, in which order that starts and stops, and whether it serves."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Sequence
from typing import Any

import structlog

from streamrec.contract.pieces import Follower, WorkerPieces
from streamrec.engine.broadcast import Broadcast
from streamrec.engine.checkpoint import TopicIds
from streamrec.engine.engine import Engine
from streamrec.engine.host import Host
from streamrec.engine.identity import TopicIdentity
from streamrec.engine.opening import Opener
from streamrec.engine.outbox import Outbox
from streamrec.engine.partition import Family, Tools
from streamrec.engine.store.folder import forget_fault, write_web
from streamrec.kafka import topics
from streamrec.observe.metrics import Metrics
from streamrec.settings import Settings
from streamrec.system.addresses import http_url
from streamrec.system.core import Core, off_loop
from streamrec.worker.site import serve_site

log = structlog.get_logger(__name__)

INTERRUPTED = 130
"""What shells say of a process that ended by SIGINT: 128 and the signal's number."""
GOODBYE_S = 5.0
"""For so long the worker takes leave of Kafka. All is saved by then: leaving only spares the group the session's time-out, and a
supervisor that kills after ten seconds, as Docker does, must not have to."""
SILENCE_S = 10.0
"""Far longer than a fetch may wait for records (`fetch_max_wait_ms`), and well before `stall_timeout_s` ends the process: `/ready`
says what is the matter while there still is somebody to ask."""
OVERDUE_S = 10.0
"""A worker that keeps up makes a list some tenths of a second after its time; one that is so late has more to do than it can."""
WELL_S = 60.0
"""A worker that stumbles over a record does so soon after its start: what it then said is kept until one has run for so long."""


class Readiness:
    """Tells why the worker is not ready."""

    def __init__(self, engine: Engine, broadcast: Broadcast, stop: asyncio.Event) -> None:
        self._engine, self._broadcast, self._stop = engine, broadcast, stop

    def reasons(self) -> list[str]:
        """What is missing, in words; empty if the worker is ready."""
        engine, reasons = self._engine, []
        if self._stop.is_set():
            reasons.append("stopping")
        if not self._broadcast.caught_up.is_set():
            reasons.append(f"reading {', '.join(self._broadcast.behind())}")
        elif not engine.gate.is_set():
            reasons.append("warming the model")
        if not engine.joined and not engine.biding:
            reasons.append("waiting for the group to assign partitions")
        if engine.silence_s() > SILENCE_S:
            reasons.append("waiting for Kafka to answer")
        if engine.opening():
            reasons.append(f"recovering {engine.opening()} partitions")
        backlog = engine.backlog()
        if backlog.overdue_s > OVERDUE_S:
            reasons.append(f"{backlog.overdue} users wait for their lists, the first for {backlog.overdue_s:.0f} s")
        return reasons


async def serve(settings: Settings, pieces: WorkerPieces, core: Core, listening: socket.socket, reports: Sequence[topics.Report]) -> None:
    """Serve until a signal asks to stop, then save and close; `reports` describe the topics.

    Raises:
        Exception: what makes going on impossible. What is not saved is read again by the next process.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Whoever asks twice does not want to wait for Kafka.
        asyncio.get_running_loop().add_signal_handler(number, lambda: os._exit(INTERRUPTED) if stop.is_set() else stop.set())
    ids: TopicIds = {report.topic: report.topic_id for report in reports}
    outbox = Outbox(settings, {report.topic: int(report.config.get("max.message.bytes", topics.EVENT_BYTES)) for report in reports})
    families = _families(settings, pieces)
    state = {topic for family in families for topic in (*family.sources, family.changelog)}
    identity = TopicIdentity(settings, reports, state, pieces.follower.topics)
    metrics = Metrics(settings.prefix, pieces.gauges)
    tools = Tools(core, outbox, metrics, settings.checkpoint_lists, settings.topic("dead-letters"), identity.confirm)
    tombstones_kept_ms = {report.topic: int(report.config.get("delete.retention.ms", topics.DAY_MS)) for report in reports}
    engine = Engine(settings, families, tools, Opener(settings, core, ids, tombstones_kept_ms), ids)
    broadcast = Broadcast(settings, pieces.follower, core)
    host = Host(settings, engine, listening)
    address, port = listening.getsockname()[:2]
    serve_site(host, address, settings, pieces.inspector, engine, Readiness(engine, broadcast, stop).reasons)
    write_web(settings.data_dir, address, port)
    log.info("starting", broker=settings.broker, group=settings.app_id, web=http_url(address, port))

    await outbox.open()
    gate = _open_gate(settings, engine, broadcast, pieces.follower)
    work = [engine.watch(part) for part in (identity.run(), broadcast.run(), gate, engine.run())]
    start = engine.watch(host.start())
    ends = [asyncio.ensure_future(end) for end in (stop.wait(), host.crashed(), engine.failure)]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if host.crash_reason is not None:
        engine.fail(host.crash_reason)
    if not engine.failure.done():
        log.info("stopping")
        await engine.close()
    # Saving may have failed, too: then the exit code must say so.
    if engine.failure.done():
        engine.failure.result()
    start.cancel()
    goodbye = asyncio.create_task(_close(host, outbox, [*work, *ends]))
    await asyncio.wait([goodbye], timeout=GOODBYE_S)
    if not goodbye.done():
        log.warning("all is saved, but Kafka does not answer; ending without taking leave")
        os._exit(0)
    goodbye.result()
    log.info("stopped")


async def _close(host: Host, outbox: Outbox, tasks: Sequence[asyncio.Future[Any]]) -> None:
    await host.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await outbox.close()


async def _open_gate(settings: Settings, engine: Engine, broadcast: Broadcast, follower: Follower) -> None:
    await asyncio.gather(off_loop(follower.prepare), broadcast.caught_up.wait())
    await engine.tools.core.run(follower.warm)
    # The catalogue is there for good: what is frozen is not looked through at each collection.
    gc.collect()
    gc.freeze()
    engine.gate.set()
    await asyncio.sleep(WELL_S)
    forget_fault(settings.data_dir)


def _families(settings: Settings, pieces: WorkerPieces) -> list[Family]:
    state = topics.state_topics(settings)
    families = [Family("user", *state["user"], pieces.user, personal=True), Family("item", *state["item"], pieces.item)]
    # Rooms quote what people wrote: their rows are as private as those of users.
    return families if pieces.room is None else [*families, Family("room", *state["room"], pieces.room, personal=True)]
