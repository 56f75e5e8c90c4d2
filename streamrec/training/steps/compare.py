"""Graphs of a cross-encoder side by side: parameters, bytes, speed on this machine, and quality on the same held-out baskets."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from streamrec.bert.folder import CROSS_ENCODER
from streamrec.bert.model import TextModel
from streamrec.bert.pairs import Feeds, pair_inputs
from streamrec.bert.session import OnnxSession
from streamrec.training.data.held_out import HeldOut, K
from streamrec.training.graphs.words import bytes_of, unread
from streamrec.training.record import command_line
from streamrec.training.steps.check import cross_scores

BATCH = 32
RUNS = 30
"""The best of them counts: whatever else runs on a machine makes runs slower, never faster."""
RESAMPLES = 2000
Sides = tuple[NDArray[np.int32], NDArray[np.int32]]


def compare(graphs: dict[str, Path], held: HeldOut, seed: int) -> dict[str, Any]:
    """A row per graph, and the processor; a model folder stands for its fp32 cross-encoder, which reads by its own vocabulary.

    NDCG@10 is of the blend with the graph's score; its difference from the first graph has a 95 % interval (bootstrap of the baskets).
    Pairs/s: one thread, the best of 30 runs of 32 real pairs, the graphs in turn.
    """
    rng = np.random.default_rng(seed)
    sides = {name: _tokens(path, held) for name, path in graphs.items()}
    graphs = {name: path / CROSS_ENCODER if path.is_dir() else path for name, path in graphs.items()}
    scores = {name: cross_scores(path, *sides[name], held.top) for name, path in graphs.items()}
    gains = {name: held.gains("score", column) for name, column in scores.items()}
    first = next(iter(gains.values()))
    drawn = rng.integers(len(first), size=(RESAMPLES, len(first)))
    speeds = _pairs_per_second(graphs, _batches(sides, held))
    rows = []
    for name, path in graphs.items():
        apart = (gains[name] - first)[drawn].mean(axis=1)
        rows.append(
            {
                "graph": name,
                "parameters": parameters(path),
                "bytes": bytes_of(path),
                "pairs_per_s": round(speeds[name]),
                f"ndcg@{K}": round(float(gains[name].mean()), 4),
                "difference": [round(float(edge), 4) for edge in np.quantile(apart, (0.025, 0.975))],
                "auc_in_top": held.auc_in_top(scores[name]),
            }
        )
    return {"command": command_line(), "processor": _processor(), **held.facts, "graphs": rows}


def parameters(path: Path) -> int:
    """Weights of a graph: its matrices and vectors, without the scales and row numbers that an int8 graph adds."""
    constants = [numpy_helper.to_array(tensor) for tensor in onnx.load(str(path)).graph.initializer if not _is_added(tensor.name)]
    return sum(values.size for values in constants if values.ndim and values.dtype in (np.float32, np.float16, np.int8)) - unread(path)


def _is_added(name: str) -> bool:
    return name.endswith(("_scale", "_scales", "_zero"))


def _processor() -> str:
    """What Linux calls the processor; elsewhere what Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _tokens(path: Path, held: HeldOut) -> Sides:
    return held.tokens(TextModel.load(path, "cpu", precision="fp32")) if path.is_dir() else (held.users, held.titles)


def _batches(sides: dict[str, Sides], held: HeldOut) -> dict[str, Feeds]:
    """The same 32 real pairs for every graph, in its vocabulary."""
    rows = np.random.default_rng(0).integers(len(held.users), size=BATCH)
    return {name: pair_inputs(users[rows], titles[held.top[rows, 0]]) for name, (users, titles) in sides.items()}


def _pairs_per_second(graphs: dict[str, Path], feeds: dict[str, Feeds]) -> dict[str, float]:
    backends = {name: OnnxSession(path, "cpu") for name, path in graphs.items()}
    # In turn, so that a machine that slows down slows all of them.
    best = dict.fromkeys(graphs, float("inf"))
    for _ in range(RUNS):
        for name, backend in backends.items():
            start = time.perf_counter()
            backend.run(feeds[name])
            best[name] = min(best[name], time.perf_counter() - start)
    return {name: BATCH / seconds for name, seconds in best.items()}
