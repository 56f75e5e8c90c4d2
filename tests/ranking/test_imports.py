"""Ranking is pure: whoever imports it gets no broker, no store, no web server and no model runtime."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import streamrec.ranking

SHELLS = {"aiohttp", "aiokafka", "faust", "fastavro", "kafka", "mode", "onnxruntime", "prometheus_client", "rocksdict", "torch"}
ROOMS = ("bert", "engine", "kafka", "learning", "operations", "web", "worker")


def test_importing_all_of_ranking_loads_no_shell() -> None:
    modules = [module.name for module in pkgutil.walk_packages(streamrec.ranking.__path__, "streamrec.ranking.")]
    assert "streamrec.ranking.ranker" in modules
    program = f"import sys, {', '.join(['streamrec.ranking', *modules])}\nprint('\\n'.join(sys.modules))"
    loaded = set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split())
    assert loaded & SHELLS == set()
    assert [name for name in loaded if name.startswith(tuple(f"streamrec.{room}" for room in ROOMS))] == []
