"""A graphics card that several workers share: what each may take of it, and what is left."""

from __future__ import annotations

import shutil
import subprocess
import threading
from dataclasses import dataclass
from typing import NamedTuple

TURN = threading.RLock()
"""Held by whatever a process does on the card where CUDA graphs are on: neither ONNX Runtime nor CUDA lets anything else run while one is
recorded, and no two threads may run one session."""
ASK_S = 5.0
"""`nvidia-smi` answers in a fraction of it; a driver that hangs is one that a worker cannot use."""


@dataclass(frozen=True, slots=True)
class Share:
    """What the graphs of a worker may take and do on the card."""

    memory_mb: int = 4096
    """Most memory of each graph, weights included; 0 is no limit."""
    graphs: bool = False
    """Whether small shapes are recorded as CUDA graphs and replayed."""

    def options(self) -> dict[str, str]:
        """Options of ONNX Runtime's CUDA provider.

        Its arena would otherwise double whenever it grows, and take what another worker needs.
        """
        found = {"arena_extend_strategy": "kSameAsRequested"}
        if self.memory_mb:
            found["gpu_mem_limit"] = str(self.memory_mb << 20)
        if self.graphs:
            found["enable_cuda_graph"] = "1"
        return found


class Memory(NamedTuple):
    """The card's name, and its memory in MiB, of all processes."""

    name: str
    free_mb: int
    total_mb: int


def memory() -> Memory | None:
    """The memory of the first card, as the driver's `nvidia-smi` tells it; None where that cannot be asked."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return None
    query = (command, "--id=0", "--query-gpu=name,memory.free,memory.total", "--format=csv,noheader,nounits")
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=ASK_S, check=True).stdout
        name, free, total = said.strip().rsplit(",", 2)
        return Memory(name.strip(), int(free), int(total))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
