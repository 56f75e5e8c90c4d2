"""Commands whose results are kept: run once for the same inputs and the same code, two at a time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

ROOT = Path(__file__).parents[2]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


class StepFailed(Exception):
    """A command ended with an error; the message names its log."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command of Python (`-m …`), the file or folder that it makes, the files that it reads, and the code at work.

    `code` holds modules and folders of modules, from the root of the repository; `after` names steps that must be done first.
    """

    name: str
    command: Sequence[str]
    out: Path
    inputs: Sequence[Path]
    code: Sequence[str]
    after: Sequence[str] = field(default=())

    def key(self) -> str:
        """Stands for all that the result depends on."""
        found = hashlib.sha256("\0".join(self.command).encode())
        modules = [path for path in _files(ROOT / part for part in self.code) if path.suffix == ".py"]
        for path in (*_files(self.inputs), *modules):
            state = path.stat()
            found.update(str(path).encode() + _digest(path, state.st_mtime_ns, state.st_size))
        return found.hexdigest()

    @property
    def mark(self) -> Path:
        """The file with the key of what is there. It stands for the result as an input of other steps, and is much smaller."""
        return self.out.with_name(self.out.name + ".key")


def run_all(steps: Sequence[Step], logs: Path, jobs: int) -> list[str]:
    """Run what is not there yet, in the given order where nothing waits for another; gives the names of what was run.

    Raises:
        StepFailed: a command failed; nothing new is started then.
    """
    logs.mkdir(parents=True, exist_ok=True)
    waiting, done, ran = list(steps), set[str](), list[str]()
    running: dict[Future[bool], Step] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress, ThreadPoolExecutor(jobs) as pool:
        bar = progress.add_task("starting", total=len(steps))
        while waiting or running:
            for step in [step for step in waiting if done.issuperset(step.after)][: jobs - len(running)]:
                waiting.remove(step)
                running[pool.submit(_run, step, logs)] = step
            progress.update(bar, description=", ".join(step.name for step in running.values()))
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                step = running.pop(future)
                if future.result():
                    ran.append(step.name)
                done.add(step.name)
                progress.advance(bar)
    return ran


def _run(step: Step, logs: Path) -> bool:
    """Whether the command had to be run."""
    mark, key = step.mark, step.key()
    if step.out.exists() and mark.exists() and mark.read_text() == key:
        return False
    mark.unlink(missing_ok=True)
    step.out.parent.mkdir(parents=True, exist_ok=True)
    log = logs / f"{step.name}.log"
    with log.open("w") as file:
        environment = ONE_THREAD | os.environ
        code = subprocess.run([sys.executable, *step.command], stdout=file, stderr=file, env=environment, check=False).returncode
    if code:
        raise StepFailed(f"{step.name} ended with exit code {code}; see {log}:\n{log.read_text()[-2000:]}")
    mark.write_text(key)
    return True


def _files(paths: Iterable[Path]) -> list[Path]:
    return [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path]) if file.is_file()]


@cache
def _digest(path: Path, changed_ns: int, size: int) -> bytes:
    """Of a file's contents, read again only where the time of its last change, or its size, is another."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
