"""Who may start what: markers come from fixtures where they can, and a test without its marker cannot start a broker or a worker."""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

import pytest

FAST = "not kafka and not train"
HEAVY = ("torch", "transformers")
"""What a fast run does without: whatever needs it is skipped or marked, as on a machine where it is not installed."""
SERVING = {"worker", "demo", "learn"}
"""Commands of streamrec whose processes talk to Kafka for as long as they run."""
running: pytest.Item | None = None

_start = subprocess.Popen.__init__


def hide(names: Collection[str]) -> None:
    """Let packages not be found: neither by import nor by find_spec, nor in sys.modules, where scipy looks for them."""
    find = PathFinder.find_spec

    def without(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        return None if name.partition(".")[0] in names else find(name, path, target)

    PathFinder.find_spec = without  # type: ignore[method-assign]


def derive(item: pytest.Item) -> None:
    """Mark a test that reaches the broker through its fixtures."""
    if "broker" in getattr(item, "fixturenames", ()):
        item.add_marker("kafka")


def serves(command: Any) -> bool:
    """Whether a command line starts a broker or a process that talks to one."""
    words = " ".join([command] if isinstance(command, str) else map(str, command)).split()
    # By the last part of a path: whoever clones the repository has a folder of that name in front of everything.
    names = [word.strip("'\"").rpartition("/")[2].partition(".")[0] for word in words]
    own = "streamrec" in names and not SERVING.isdisjoint(words)
    return own or "kafka.Kafka" in words or "tests.engine.counting" in words


def guarded(process: Any, args: Any, *others: Any, **named: Any) -> None:
    """In the place of `subprocess.Popen.__init__`: refuse what the running test is not marked for."""
    if running is not None and serves(args) and running.get_closest_marker("kafka") is None:
        process.returncode = 0  # its destructor asks
        pytest.fail(f"{running.nodeid} starts {args}: mark it `kafka`, so that it is left out where there is no Kafka")
    _start(process, args, *others, **named)
