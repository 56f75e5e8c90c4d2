"""A worker seen from outside: its memory as the system counts it, and its metrics."""

from __future__ import annotations

import json
import re
from pathlib import Path

from streamrec.system.addresses import http_url
from streamrec.web.client import get

_METRIC = re.compile(r"^(streamrec_\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


class Figures:
    """Its metrics at one moment."""

    def __init__(self, text: str) -> None:
        self._found = _METRIC.findall(text)

    def total(self, name: str, label: str = "") -> float:
        """The sum of a metric over the series whose labels hold `label`."""
        return sum(float(value) for metric, labels, value in self._found if metric == name and label in labels)


class Probe:
    """Looks at the worker that runs on a data folder of this machine."""

    def __init__(self, data_dir: Path) -> None:
        web = json.loads((data_dir / "web.json").read_bytes())
        self._web = http_url(web["host"], web["port"])
        self._status = Path(f"/proc/{web['pid']}/status")

    def rss_mib(self) -> float:
        """Resident memory."""
        kib = next(int(line.split()[1]) for line in self._status.read_text().splitlines() if line.startswith("VmRSS"))
        return round(kib / 1024, 2)

    def figures(self) -> Figures:
        """The metrics as they are now."""
        return Figures(get(f"{self._web}/metrics", timeout_s=30).body.decode())
