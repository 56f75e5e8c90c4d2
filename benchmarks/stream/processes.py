"""A contender as a process of its own, and the processor time that it has used."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.stream.job import Job, text
from streamrec.errors import WorkerEnded
from streamrec.system.processes import tail, uninterrupted

STOP_PATIENCE_S = 20.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).parents[2]


class ContenderProcess:
    """One worker of a contender; as a context manager it starts it and always stops it."""

    def __init__(self, name: str, job: Job) -> None:
        self.job, self._name = job, name
        self.log = Path(job.folder) / f"{name}-{job.worker}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("STREAMREC_")}
        command = [sys.executable, "-m", f"benchmarks.stream.contenders.{self._name}", text(self.job)]
        with self.log.open("wb") as log, uninterrupted():
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=inherited, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Of the process itself; it may have children."""
        assert self._process is not None
        return self._process.pid

    def require_alive(self) -> None:
        """Raise WorkerEnded, with the end of its log, when it is gone."""
        assert self._process is not None
        if self._process.poll() is not None:
            end = tail(self.log.read_text(errors="replace"))
            raise WorkerEnded(f"{self._name} ended with {self._process.returncode}; the end of its log:\n{end}")

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for all that is left of it when it lingers."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_PATIENCE_S)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def cpu_s(self) -> float:
        """Processor time of the process and its children, user and system, in seconds."""
        return sum(_cpu_s(pid) for pid in tree(self.pid))


def tree(pid: int) -> list[int]:
    """A process and all below it, as far as they run."""
    children = [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in _read(task).split()]
    return [pid, *(one for child in children for one in tree(child))]


def _cpu_s(pid: int) -> float:
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    # utime, stime, and the same of children that have ended
    return sum(map(int, fields[11:15])) / TICKS_PER_S


def _read(path: Path) -> str:
    """A file of /proc; empty once its process has ended, which may come between opening and reading it."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
