"""Commands whose results are kept: run once for the same inputs and the same code, two at a time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

PACKAGE = Path(__file__).parents[2] / "streamrec"
EVALUATION = ("evaluation", "events", "understanding")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


class StepFailed(Exception):
    """A command ended with an error; the message names its log."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command of Python (`-m …`), the file or folder that it makes, the files that it reads, and the parts of the package at work.

    `after` names steps that must be done first.
    """

    name: str
    command: Sequence[str]
    out: Path
    inputs: Sequence[Path]
    code: Sequence[str] = ()
    after: Sequence[str] = field(default=())

    def key(self) -> str:
        """Stands for all that the result depends on."""
        found = hashlib.sha256("\0".join(self.command).encode())
        for path in (*_files(self.inputs), *_code(self.code)):
            found.update(str(path).encode() + path.read_bytes())
        return found.hexdigest()


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
    mark, key = step.out.with_name(step.out.name + ".key"), step.key()
    if step.out.exists() and mark.exists() and mark.read_text() == key:
        return False
    mark.unlink(missing_ok=True)
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


def _code(parts: Sequence[str]) -> list[Path]:
    """The modules of the named parts, or of all but the evaluation; where nothing of a run is decided (`cli`, `web`, …) they count too."""
    modules = sorted(PACKAGE.rglob("*.py"))
    part_of = {module: module.relative_to(PACKAGE).parts[0] for module in modules}
    if parts:
        return [module for module in modules if part_of[module] in parts] + sorted(Path(__file__).parent.glob("*.py"))
    return [module for module in modules if part_of[module] != "evaluation"]
