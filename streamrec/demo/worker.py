"""Runs a real `streamrec worker` as a child process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path

from pydantic import SecretStr

from streamrec.cli.support.options import variable
from streamrec.errors import WorkerEnded
from streamrec.settings import Settings
from streamrec.system.processes import tail, uninterrupted
from streamrec.web.client import get, url_of

READY_PATIENCE_S = 300.0
STOP_PATIENCE_S = 20.0
PAUSE_S = 0.1
_TAIL_LINES = 20


class WorkerProcess:
    """A worker, or another `command` that keeps running, with its own settings. Whoever starts it has to stop it."""

    def __init__(self, settings: Settings, log: Path, command: Sequence[str] = ("worker",)) -> None:
        self._settings, self._log, self._command = settings, log, command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; `stop` may be called before, during or after this."""
        with self._log.open("wb") as log, uninterrupted():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streamrec.cli.main", *self._command],
                env={**os.environ, **environment(self._settings)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in a terminal goes to its whole foreground group: the demo stops the worker itself, in order.
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def page(self) -> str:
        """The address of its live page."""
        return f"{url_of(self._settings.data_dir)}/"

    def require_alive(self) -> None:
        """Raise WorkerEnded, with the end of its log, when the worker is gone."""
        if not self.alive:
            code = self._process.returncode if self._process else None
            raise WorkerEnded(f"the worker ended with {code}; the end of its log:\n{self.log_tail()}")

    def log_tail(self) -> str:
        """The last lines of the log."""
        return tail(self._log.read_text(errors="replace"), _TAIL_LINES)

    def await_ready(self, progress: Callable[[str], None]) -> None:
        """Wait until `/ready` says yes; meanwhile the reasons why not go to `progress`.

        Raises:
            WorkerEnded: the process is gone, or not ready in time.
        """
        deadline, said = time.monotonic() + READY_PATIENCE_S, ""
        while time.monotonic() < deadline:
            self.require_alive()
            ready, reasons = self._ask()
            if ready:
                return
            if reasons and reasons != said:
                progress(f"the worker waits: {reasons}")
                said = reasons
            time.sleep(PAUSE_S)
        why = said or "no answer"
        raise WorkerEnded(f"the worker was not ready after {READY_PATIENCE_S:g} s ({why}); the end of its log:\n{self.log_tail()}")

    def stop(self) -> int | None:
        """End the worker: SIGTERM, then SIGKILL for its whole process group; returns its exit status, None if it was never started."""
        if self._process is None:
            return None
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_PATIENCE_S)
        with contextlib.suppress(ProcessLookupError):
            # Also whatever the worker has started and left behind.
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()

    def _ask(self) -> tuple[bool, str]:
        try:
            answer = get(f"{self.page}ready", timeout_s=5.0)
            return answer.status == HTTPStatus.OK, _reasons(answer.body).replace(self._settings.prefix, "")
        except (OSError, ValueError):
            return False, ""


def environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables, without those that are unset."""
    return {variable(name): _text(value) for name, value in settings if value is not None}


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _reasons(body: bytes) -> str:
    answer = json.loads(body)
    reasons = answer.get("reasons", answer) if isinstance(answer, dict) else answer
    return ", ".join(map(str, reasons)) if isinstance(reasons, list) else str(reasons)
