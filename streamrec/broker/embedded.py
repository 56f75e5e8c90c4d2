"""A real Apache Kafka broker (KRaft, one node) as a background process, for development, demo and tests."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from streamrec.broker.jars import KAFKA_VERSION, Runtime, runtime
from streamrec.broker.ports import HOST, free_ports, require_free
from streamrec.broker.probe import answers, locked
from streamrec.broker.properties import Listener, properties
from streamrec.errors import BrokerStartFailed, StreamrecError
from streamrec.system.private import made_private, private_umask
from streamrec.system.processes import tail, uninterrupted

# Generous, since a JVM starts slowly on a busy machine: a broker that ends instead is noticed at once.
START_PATIENCE_S = 300.0
STOP_PATIENCE_S = 20.0
PAUSE_S = 0.05
# Sized for a laptop that runs the worker beside it: one node with a few topics needs neither more heap nor parallel collectors.
JVM = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)
PORT_TAKEN = "Address already in use"
OURS = ("data", "broker.json", "broker.lock", "broker.log", "server.properties")
"""The files and folders that a broker makes in its folder, which hold every event."""


class Running(NamedTuple):
    """A running broker: its process id, and the port for clients."""

    pid: int
    port: int

    @property
    def bootstrap(self) -> str:
        """The address for clients, in the form that `--broker` takes."""
        return f"{HOST}:{self.port}"


class EmbeddedBroker:
    """A broker in a folder, which holds its data, settings, log and process id.

    The broker's process holds a lock on `broker.lock` while it lives, so that a stale process id is never believed.
    As a context manager it starts the broker, gives its address and always stops it:

        with EmbeddedBroker(tmp_path) as bootstrap:
            producer = KafkaProducer(bootstrap_servers=bootstrap)
    """

    def __init__(
        self, folder: Path, port: int = 0, progress: Callable[[str], None] = lambda message: None, listeners: Sequence[Listener] = ()
    ) -> None:
        """`listeners` are listeners beside the one without TLS, for tests of clients."""
        self.folder = folder.absolute()
        self._listeners = listeners
        self.port = port
        self._progress = progress
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """The file to which the broker writes its log."""
        return self.folder / "broker.log"

    def running(self) -> Running | None:
        """The broker of this folder if its process lives, though it may not answer yet; else None."""
        lock = self.folder / "broker.lock"
        if not lock.exists():
            return None
        with locked(lock, fcntl.LOCK_SH) as free:
            if free is not None:
                return None
        with contextlib.suppress(OSError, ValueError, KeyError):
            state = json.loads((self.folder / "broker.json").read_bytes())
            return Running(int(state["pid"]), int(state["port"]))
        return None

    def start(self) -> Running:
        """Start the broker unless it runs already, and wait until it answers.

        Raises:
            PortInUse: another process listens on the port asked for.
            BrokerStartFailed: it ended or stayed silent; the message holds the end of its log.
            MissingExtra: the extra `broker` is not installed.
            FolderNotOurs: the folder belongs to another user.
        """
        _require_utf_8(self.folder)
        made_private(self.folder, OURS)
        # Between choosing a free port and listening on it, another process can take it.
        for _ in range(0 if self.port else 2):
            try:
                return self._start()
            except BrokerStartFailed as exc:
                if PORT_TAKEN not in str(exc):
                    raise
        return self._start()

    def stop(self, patience_s: float = STOP_PATIENCE_S) -> bool:
        """End the broker: SIGTERM, and after `patience_s` SIGKILL; returns False if none ran."""
        running = self.running()
        if running is None:
            return False
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(running.pid, number)
            if self._wait(lambda: self.running() is None, patience_s):
                self._end_child()
                return True
        raise StreamrecError(f"the broker's process {running.pid} does not end, not even by SIGKILL; look at it with `ps -p {running.pid}`")

    def __enter__(self) -> str:
        return self.start().bootstrap

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _start(self) -> Running:
        deadline = time.monotonic() + START_PATIENCE_S
        while time.monotonic() < deadline:
            with locked(self.folder / "broker.lock", fcntl.LOCK_EX) as lock:
                if lock is not None:
                    try:
                        running = self._launch(lock)
                        self._await_answer(running)
                    except BaseException:
                        self._end_child()
                        raise
                    return running
            if running_already := self.running():
                self._await_answer(running_already)
                return running_already
            time.sleep(PAUSE_S)
        raise BrokerStartFailed(f"another process holds {self.folder / 'broker.lock'}; end it, or choose another folder with --data-dir")

    def _launch(self, lock: int) -> Running:
        (self.folder / "broker.json").unlink(missing_ok=True)
        if self.port:
            require_free(self.port)
        tools = runtime(self._progress)
        with private_umask():
            return self._run(tools, lock)

    def _run(self, tools: Runtime, lock: int) -> Running:
        port, controller = (self.port, *free_ports(1)) if self.port else free_ports(2)
        settings = self.folder / "server.properties"
        # Relative to the folder, in which the broker runs: Kafka would split a path at its commas.
        settings.write_text(properties(Path("data"), port, controller, self._listeners), encoding="ascii")
        if not (self.folder / "data" / "meta.properties").exists():
            self._format(tools, settings)
        self._progress(f"starting Apache Kafka {KAFKA_VERSION} on {HOST}:{port}")
        with self.log.open("wb") as log, uninterrupted():
            self._child = subprocess.Popen(
                [tools.java, *JVM, "-cp", tools.classpath, "kafka.Kafka", settings.name],
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[lock],
            )
            running = Running(self._child.pid, port)
            (self.folder / "broker.json").write_text(json.dumps({"pid": running.pid, "port": port, "version": KAFKA_VERSION}))
        return running

    def _format(self, tools: Runtime, settings: Path) -> None:
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # A cluster id that begins with "-" would be read as a flag.
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", settings.name]
        done = subprocess.run(
            [str(tools.java), *JVM, "-cp", tools.classpath, *tool],
            cwd=self.folder,
            env=_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            raise BrokerStartFailed(f"the broker's folder {self.folder} could not be formatted: {tail(done.stdout + done.stderr)}")

    def _alive(self, running: Running) -> bool:
        return self._child.poll() is None if self._child else self.running() == running

    def _await_answer(self, running: Running) -> None:
        self._wait(lambda: not self._alive(running) or answers(running.port), START_PATIENCE_S)
        if self._alive(running) and answers(running.port):
            return
        state = "stayed silent" if self._alive(running) else "ended"
        end = tail(self.log.read_text(encoding="utf-8", errors="replace"))
        raise BrokerStartFailed(f"the embedded broker {state} while starting; the end of {self.log}:\n{end}")

    def _wait(self, condition: Callable[[], bool], patience_s: float) -> bool:
        deadline = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > deadline:
                return False
            if self._child is not None:
                self._child.poll()
            time.sleep(PAUSE_S)
        return True

    def _end_child(self) -> None:
        """Make sure that no process of ours stays, not even as a zombie."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None


def _require_utf_8(folder: Path) -> None:
    try:
        str(folder).encode()
    except UnicodeEncodeError as exc:
        raise BrokerStartFailed(
            f"the name of the folder {folder} is not UTF-8, and Java cannot find it; choose another with --data-dir"
        ) from exc


def _environment() -> dict[str, str]:
    # In a locale without UTF-8 Java finds no folder whose name needs it, and only in English it says PORT_TAKEN.
    return {**os.environ, "LC_ALL": "C.UTF-8"}
