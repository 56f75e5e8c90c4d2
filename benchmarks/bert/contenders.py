"""Who is compared: what a user would pick to score pairs with the same weights, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamrec.errors import StreamrecError

PEERS = Path(__file__).parent / "peers"
ROOT = Path(__file__).parents[2]
FASTEMBED = ROOT / ".venv-bench" / "fastembed" / "bin" / "python"


@dataclass(frozen=True)
class Contender:
    """A program, the interpreter that has its libraries, and the precision it computes in."""

    name: str
    script: str
    precision: str
    module: str
    on_cuda: bool = False
    on_cpu: bool = True
    python: Path | None = None
    """None is the one that runs the benchmark."""


OWN = ("streamrec-fp32", "streamrec-int8", "streamrec-fp16")
CONTENDERS = [
    Contender("streamrec-fp32", "own.py", "fp32", "onnxruntime", on_cuda=True),
    Contender("streamrec-int8", "own.py", "int8", "onnxruntime"),
    Contender("streamrec-fp16", "own.py", "fp16", "onnxruntime", on_cuda=True, on_cpu=False),
    Contender("sentence-transformers", "torch_cross_encoder.py", "fp32", "sentence_transformers", on_cuda=True),
    Contender("sentence-transformers-bf16", "torch_cross_encoder.py", "bf16", "sentence_transformers", on_cuda=True),
    Contender("fastembed", "fast.py", "fp32", "fastembed", python=FASTEMBED),
    Contender("onnxruntime-padded", "plain.py", "fp32", "onnxruntime"),
]
NOT_RUN = {"infinity-emb": "0.0.78 pins numpy below 2 and transformers below 5, and runs CrossEncoder of sentence-transformers on torch"}


class ContenderFailed(StreamrecError):
    """A contender's process ended before its time; the message holds the end of its log."""


class Running:
    """A contender's process; only one of them is asked at a time."""

    def __init__(self, contender: Contender, about: dict[str, Any], folder: Path) -> None:
        self.contender = contender
        self.log = folder / f"{contender.name}.log"
        told = folder / f"{contender.name}.json"
        told.write_text(json.dumps({**about, "precision": contender.precision}))
        python = contender.python or Path(sys.executable)
        own = {"PYTHONPATH": str(ROOT)} if contender.python is None else {}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(python), str(PEERS / contender.script), str(told)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={"OMP_NUM_THREADS": str(about["threads"]), "HOME": str(folder), **own},
            )
        self.facts = self._answer()

    def ask(self, **command: Any) -> dict[str, Any]:
        """The answer to a command."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise ContenderFailed(f"{self.contender.name} ended with {self.process.returncode}: {self.log.read_text()[-800:]}")
        found: dict[str, Any] = json.loads(line)
        return found


def missing(contender: Contender, device: str) -> str | None:
    """Why a contender cannot take part, or None."""
    if device == "cuda" and not contender.on_cuda:
        return "runs on the CPU"
    if device == "cpu" and not contender.on_cpu:
        return "is for a GPU"
    python = contender.python or Path(sys.executable)
    if not python.is_file():
        return f"{python.relative_to(ROOT)} is not there; `make bench-bert` makes it"
    found = subprocess.run([str(python), "-c", f"import {contender.module}"], capture_output=True, check=False)
    return None if found.returncode == 0 else f"{contender.module} is not installed; `make bench-bert` installs it"
