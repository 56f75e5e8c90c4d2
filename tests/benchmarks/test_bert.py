"""The parts of the BERT benchmark that a figure hangs on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bert import texts
from benchmarks.bert.__main__ import summary
from benchmarks.bert.contenders import PEERS

ECHO = """
from common import serve
serve(lambda about: (lambda pairs: [len(user) + len(item) for user, item in pairs], {"precision": about["precision"]}))
"""


def test_pairs_are_distinct_and_of_mixed_lengths() -> None:
    pairs = texts.pairs(256)
    assert len(set(pairs)) == 256
    lengths = [len(user) + len(item) for user, item in pairs]
    assert max(lengths) > 3 * min(lengths)


def test_a_contender_answers_in_the_order_of_the_pairs_and_serves_requests_when_they_are_due(tmp_path: Path) -> None:
    pairs = texts.pairs(64)
    (tmp_path / "about.json").write_text(json.dumps({"pairs": pairs, "precision": "fp32"}))
    (tmp_path / "echo.py").write_text(ECHO)
    asked = [{"do": "score"}, {"do": "load", "rate": 100.0, "seconds": 0.1, "size": 8}]
    environment = {**os.environ, "PYTHONPATH": str(PEERS)}
    command = [sys.executable, str(tmp_path / "echo.py"), str(tmp_path / "about.json")]
    lines = "".join(json.dumps(one) + "\n" for one in asked)
    done = subprocess.run(command, input=lines, env=environment, capture_output=True, text=True, check=True)
    ready, scored, loaded = map(json.loads, done.stdout.splitlines())
    assert ready == {"ready": True, "precision": "fp32"}
    assert scored["scores"] == [len(user) + len(item) for user, item in pairs]
    assert len(loaded["latencies"]) == 10


def test_both_ratios_are_over_the_fastest_other_contender_whatever_its_precision() -> None:
    def row(name: str, speed: float, precision: str) -> dict[str, object]:
        return {"contender": name, "pairs_per_s": speed, "precision": precision, "rank_correlation": 1.0}

    rows = [
        row("streamrec-fp32", 150.0, "fp32"),
        row("streamrec-int8", 400.0, "int8"),
        row("slow", 50.0, "fp32"),
        row("fast", 100.0, "torch.bfloat16"),
        {"contender": "absent", "skipped": "not there"},
    ]
    found = summary(rows, {"peak": {}, "lag": {"loop_lag_p99_ms": 0.5}}, "cpu")
    assert (found["best_peer"], found["ratio_fp32"], found["ratio_int8"]) == ("fast", 1.5, 4.0)
    assert (found["ratio_fp32_to_fp32_peers"], found["ratio_int8_to_fp32_peers"]) == (3.0, 8.0)


def test_operations_of_a_layer_are_counted_as_in_the_paper() -> None:
    peak = pytest.importorskip("benchmarks.bert.peak", exc_type=ImportError)
    sizes = {"hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 6}
    assert peak.operations(sizes, 32, last_is_short=False) == pytest.approx(0.689e9, rel=0.01)
    assert peak.operations(sizes, 32, last_is_short=True) == pytest.approx(0.86 * 0.689e9, rel=0.02)
