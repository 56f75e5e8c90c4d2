"""What the benchmarks run on, as far as it bears on their figures."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from streamrec import __version__
from streamrec.broker.jars import KAFKA_VERSION

LIBRARIES = ("faust-streaming", "aiokafka", "kafka-python", "rocksdict", "numpy")


def machine(*more: str) -> dict[str, Any]:
    """Processor, cores, load, system, and the versions of the libraries at work and of `more` distributions that are installed."""
    found = {"cpu": _cpu(), "cores": os.cpu_count(), "load": os.getloadavg()[0], "system": f"{platform.system()} {platform.machine()}"}
    versions = {"python": platform.python_version(), "streamrec": __version__, "kafka": KAFKA_VERSION}
    return found | {"versions": versions | _installed((*LIBRARIES, *more))}


def _installed(names: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())
