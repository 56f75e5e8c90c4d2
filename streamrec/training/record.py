"""What a training step leaves beside its weights: the command, the seed, the time it took and what it measured."""

from __future__ import annotations

import json
import shlex
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import torch

from streamrec.training.processes import Processes


def command_line() -> str:
    """The command that runs now, as it was typed."""
    return shlex.join(["streamrec", *sys.argv[1:]])


class Record:
    """The settings and the outcome of a training step; written as `training.json` beside its weights."""

    def __init__(self, seed: int, until: date | None = None) -> None:
        self._until = {} if until is None else {"until": until.isoformat()}
        # Before any network is made: its first weights are drawn, too.
        torch.manual_seed(seed)
        self._start = time.monotonic()
        self.seed = seed
        self.first = Processes.join().first

    def save(self, folder: Path, **facts: Any) -> None:
        """Write the command line, the seed, the seconds taken and `facts`; of several processes, the first does."""
        if not self.first:
            return
        folder.mkdir(parents=True, exist_ok=True)
        facts = {
            "command": command_line(),
            "seed": self.seed,
            **self._until,
            "seconds": round(time.monotonic() - self._start),
            "torch": torch.__version__,
            **facts,
        }
        (folder / "training.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
