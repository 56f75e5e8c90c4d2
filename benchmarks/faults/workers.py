"""Real worker processes: started, killed, wiped and paused, and started again by a supervisor as an operator would have one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmarks.faults.waiting import until
from streamrec.settings import Settings
from streamrec.system.processes import uninterrupted

ROOT = Path(__file__).parents[2]
PLAIN, HOOKED = "streamrec.cli.main", "benchmarks.faults.hooks"
EXIT_S, COMMAND_S = 120.0, 300.0
LOG_LINES = 4
QUIET = ('"level": "info"', '"level": "warning"')
WATCH_S = 0.05
INSTANCE = "instance"


class Worker:
    """One worker with a data folder of its own; its process comes and goes. `hold` keeps the supervisor from starting it."""

    def __init__(self, settings: Settings, name: str, environment: Mapping[str, str], module: str = PLAIN) -> None:
        self.name = name
        self.folder = settings.data_dir / name
        self.log = settings.data_dir / f"{name}.log"
        self.hold = False
        self.once: dict[str, str] = {}
        """More of the environment, for the next start only."""
        self.exits: Counter[int] = Counter()
        self._lock = threading.Lock()
        self._log_begin = 0
        self._module = module
        self._environment = {key: value for key, value in os.environ.items() if not key.startswith("STREAMREC_")} | {
            "STREAMREC_BROKER": settings.broker,
            "STREAMREC_PREFIX": settings.prefix,
            "STREAMREC_APP_ID": settings.app_id,
            "STREAMREC_PARTITIONS": str(settings.partitions),
            "STREAMREC_REPLICATION_FACTOR": str(settings.replication_factor),
            "STREAMREC_MIN_INSYNC_REPLICAS": str(settings.min_insync_replicas),
            "STREAMREC_SESSION_TIMEOUT_S": str(settings.session_timeout_s),
            "STREAMREC_DATA_DIR": str(self.folder),
            "STREAMREC_WEB_PORT": "0",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether its process runs, or stands still."""
        return self.process is not None and self.process.poll() is None

    @property
    def stopped(self) -> bool:
        """Whether its process stands still, by SIGSTOP."""
        return self.alive and _state(self._running().pid) == "T"

    def start(self, hold: bool = False) -> None:
        """Start a process, unless it runs; with `hold` the supervisor does not start another when it ends."""
        with self._lock:
            if self.alive:
                return
            self.count_exit()
            self.log.parent.mkdir(parents=True, exist_ok=True)
            environment, self.once = self._environment | self.once, {}
            with self.log.open("ab") as log, uninterrupted():
                self._log_begin = log.tell()
                command = [sys.executable, "-m", self._module, "worker"]
                self.process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
            self.hold = hold

    def count_exit(self) -> None:
        """Note the exit code of the process that has ended, once."""
        if self.process is not None:
            self.exits[self.process.wait()] += 1
            self.process = None

    def signal(self, number: int) -> None:
        """Send the process a signal."""
        self._running().send_signal(number)

    def kill(self) -> None:
        """End the process by kill -9, and do not let the supervisor start it."""
        with self._lock:
            self.hold = True
            self._running().kill()
            self._running().wait()

    def terminate(self) -> int:
        """End the process by SIGTERM, and do not let the supervisor start it; its exit code (that of a kill -9, where it does not end)."""
        with self._lock:
            self.hold = True
            # Python itself dies of a SIGTERM that comes before the program has begun.
            until(lambda: not self.alive or self._said(b'"starting"') > 0, EXIT_S)
            self._running().terminate()
            if not until(lambda: not self.alive, EXIT_S):
                self._running().kill()
            return self._running().wait()

    def ask_to_stop(self) -> bool:
        """Send SIGTERM and wait for nothing; False while the process is so young that it would die of it."""
        with self._lock:
            if not self._said(b'"starting"'):
                return False
            self.hold = True
            self._running().terminate()
            return True

    def pause(self) -> None:
        """Let the process stand still."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self.signal(signal.SIGCONT)

    def wipe(self, keep_instance: bool) -> None:
        """Delete the data folder, with or without what the worker is known by in its group."""
        instance = self.folder / INSTANCE
        kept = instance.read_text() if keep_instance and instance.exists() else None
        shutil.rmtree(self.folder, ignore_errors=True)
        if kept is not None:
            self.folder.mkdir()
            instance.write_text(kept)

    def code(self) -> int | None:
        """The exit code of its process; None while it runs."""
        return self._running().poll()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of streamrec with this worker's settings, as its operator would."""
        command = [sys.executable, "-m", PLAIN, *arguments]
        return subprocess.run(command, env=self._environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=COMMAND_S)

    def opened(self) -> int:
        """How often the process that runs has said that its partitions are open."""
        return self._said(b"partitions are open")

    def end_of_log(self) -> str:
        """The last lines, and the last complaints, for messages."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        complaints = [line for line in lines if not any(level in line for level in QUIET)]
        return "\n".join(dict.fromkeys(complaints[-LOG_LINES:] + lines[-LOG_LINES:]))

    def _said(self, words: bytes) -> int:
        return self.log.read_bytes()[self._log_begin :].count(words)

    def _running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None, f"worker {self.name} was never started"
        return self.process


class Crew:
    """The workers of a trial and their supervisor, a thread that starts again whoever ended."""

    def __init__(self) -> None:
        self.workers: list[Worker] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._thread.start()

    def add(self, worker: Worker) -> Worker:
        """Take a worker in and start it."""
        worker.start()
        self.workers.append(worker)
        return worker

    def gather(self) -> None:
        """Start all that are held, and let go on all that stand still."""
        for worker in self.workers:
            if worker.stopped:
                worker.resume()
            worker.hold = False

    def leave(self) -> dict[str, int]:
        """End all by SIGTERM; the code of each."""
        self._end_supervision()
        return {worker.name: worker.terminate() for worker in self.workers if worker.alive}

    def end(self) -> Counter[int]:
        """Leave no process behind; how often each exit code was seen."""
        self._end_supervision()
        for worker in self.workers:
            if worker.alive:
                worker.kill()
            worker.count_exit()
        return sum((worker.exits for worker in self.workers), Counter())

    def _end_supervision(self) -> None:
        self._stop.set()
        self._thread.join()

    def _supervise(self) -> None:
        while not self._stop.wait(WATCH_S):
            for worker in list(self.workers):
                if not worker.hold and not worker.alive:
                    worker.start()


def _state(pid: int) -> str:
    """The state of a process, as the system says it in one letter."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
