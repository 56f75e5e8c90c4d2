"""The benchmark of a graphics card says what it measured, and of what it did not measure nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

pytest.importorskip("onnx")

from benchmarks.bert.gpu import __main__ as command
from benchmarks.bert.gpu.figures import Row, figures
from streamrec.bert.session import CPU, CUDA

pytestmark = pytest.mark.train
ROWS: list[Row] = [
    {"model": "minilm-l6", "provider": CUDA, "pairs_per_s": 100, "share_of_fp16": 0.3},
    {"model": "minilm-l6", "provider": CUDA, "pairs_per_s": 300, "share_of_fp16": 0.4},
    {"rival": "torch-sdpa", "of": "minilm-l6", "device": "cuda", "pairs_per_s": 150},
    {"rate": 800.0, "provider": CUDA, "degraded_percent": 2.5, "p99_ms": 31.0},
    {"processes": 1, "provider": CUDA, "pairs_per_s": 1000},
    {"processes": 4, "provider": CUDA, "pairs_per_s": 3600},
]


def told(rows: list[Row]) -> dict[str, Row]:
    return {figure.name: figure.told(rows) for figure in figures()}


def test_each_figure_is_the_best_of_its_rows_beside_its_goal() -> None:
    found = told(ROWS)
    assert found["share of the card's fp16 rate, minilm-l6"] == {
        "figure": "share of the card's fp16 rate, minilm-l6",
        "goal": 0.35,
        "value": 0.4,
        "reached": True,
    }
    assert found["times torch SDPA fp16, minilm-l6"]["value"] == 2.0
    degraded, slow = (found[f"{name} at 800 triggers/s, shipped"] for name in ("percent degraded", "p99 ms"))
    assert (degraded["value"], slow["value"], slow["reached"]) == (2.5, 31.0, True)
    assert not found["percent degraded at 800 triggers/s, shipped"]["reached"]
    assert found["pairs/s of four processes over one"]["value"] == 3.6


def test_what_was_not_measured_has_no_value() -> None:
    assert told(ROWS)["times torch SDPA fp16, bert-base"]["value"] is None
    assert {row["value"] for row in told([]).values()} == {None}


def test_rows_of_a_cpu_are_no_figures_of_a_card() -> None:
    on_cpu = [{**row, "provider": CPU, "device": "cpu"} for row in ROWS]
    assert {row["value"] for row in told(on_cpu).values()} == {None}


class Parts:
    """Three parts, of which the second fails in its midst."""

    def peak(self) -> Iterator[Row]:
        yield {"one": 1}

    def shipped(self) -> Iterator[Row]:
        yield {"two": 2}
        raise RuntimeError("out of memory")

    def sharing(self) -> Iterator[Row]:
        yield {"three": 3}


def test_a_part_that_fails_leaves_the_others_their_time() -> None:
    said: list[Row] = []
    rows = command.measured(Parts(), ["peak", "shipped", "sharing"], 9.5, said.append)  # type: ignore[arg-type]
    assert rows == said == [{"one": 1}, {"two": 2}, {"part": "shipped", "failed": "RuntimeError: out of memory"}, {"three": 3}]


def test_no_part_begins_that_would_not_end_in_time() -> None:
    said: list[Row] = []
    rows = command.measured(Parts(), ["sharing", "peak"], 0.5, said.append)  # type: ignore[arg-type]
    assert rows[0]["part"] == "sharing"
    assert "left_out" in rows[0]
    assert rows[1] == {"one": 1}


def test_every_part_is_told_how_long_it_takes() -> None:
    assert all(callable(getattr(command.Bench, name)) for name in command.NEEDS_S)


def test_without_a_card_the_command_says_so_for_each_figure() -> None:
    if command.without_gpu() is None:
        pytest.skip("there is a card")
    done = subprocess.run([sys.executable, "-m", "benchmarks.bert.gpu", "--json"], capture_output=True, text=True, check=True)
    machine, padded, skipped, *rest = map(json.loads, done.stdout.splitlines())
    assert machine["card"] is None
    assert all(0 < found["padding"] < 0.4 for found in padded["padded_as_for_a_gpu"].values())
    assert skipped["gpu"] == "skipped"
    assert len(rest) == len(figures())
    assert all(row["value"] is None and "GPU" in row["needs"] for row in rest)
