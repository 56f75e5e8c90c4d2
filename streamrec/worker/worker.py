"""The worker process: from its settings to its exit code."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

import structlog
import uvloop

from streamrec.contract.pieces import WorkerPieces
from streamrec.engine.exits import explain
from streamrec.engine.server import listen
from streamrec.engine.store.folder import Fault, locked, write_fault
from streamrec.kafka import patches, topics
from streamrec.settings import Settings
from streamrec.system import logs
from streamrec.system.clock import now_ms
from streamrec.system.core import Core
from streamrec.worker.serving import serve

log = structlog.get_logger(__name__)

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
                runner.run(serve(settings, built, core, listening, reports))
            except Exception as exc:
                _die(exc, settings)
        core.stop()
    _end(0)


def _leave(number: int, frame: object) -> NoReturn:
    sys.exit(0)


def _die(exc: BaseException, settings: Settings) -> NoReturn:
    code, message = explain(exc, str(settings.data_dir))
    log.error(message, code=code)
    write_fault(settings.data_dir, Fault(now_ms(), code, message))
    log.debug("the fault", exc_info=exc)
    _end(code)


def _end(code: int) -> NoReturn:
    """End the process whatever its threads do: one of Faust's lives on if it was asked to stop before it had started."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
