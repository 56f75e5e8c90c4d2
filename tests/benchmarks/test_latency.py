"""The latency of real lists: figures from a worker's metrics, and one rate on a real worker."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from benchmarks.latency import Answers, rising, row
from benchmarks.probe import Figures
from benchmarks.viewers import Notes
from streamrec.settings import Settings

METRICS = """# HELP streamrec_pairs_total Pairs.
streamrec_pairs_total{outcome="scored"} %d
streamrec_pairs_total{outcome="cached"} 5
streamrec_pairs_total{outcome="refused"} 1000
streamrec_lag_records{topic="views",partition="0"} 3
streamrec_lag_records{topic="views",partition="1"} 4
streamrec_ready 1
"""


def test_figures_add_up_the_series_of_a_metric() -> None:
    figures = Figures(METRICS % 10)
    assert figures.total("streamrec_lag_records") == 7
    assert figures.total("streamrec_lag_records", 'partition="1"') == 4
    assert figures.total("streamrec_ready") == 1
    assert figures.total("streamrec_pairs_total", 'outcome="scored"') == 10


def test_a_rate_counts_what_was_asked_after_the_warm_up() -> None:
    answers = Answers()
    # One list each for triggers 0 to 9, sent a second apart, but 8 and 9 share one, which is degraded.
    for number in range(9):
        covers = [["views", 0, 8], ["views", 0, 9]] if number == 8 else [["views", 0, number]]
        made = {"list_id": f"list-{number}", "covers": covers, "items": [1, 2]}
        made["model"] = {"name": "m", "revision": "r", "provider": "p", "pairs": 0 if number == 8 else 32}
        answers.take(msgspec.json.encode(made | ({"degraded": "overload"} if number == 8 else {})), moment=100.25 + covers[-1][2])
    notes = Notes([(("views", 0, number), 100.0 + number) for number in range(10)], late_s=0.002)
    found = row(1, answers, notes, 5.0, Figures(METRICS % 10), Figures(METRICS % 190))
    assert (found["triggers"], found["lists"], found["lists_per_s"], found["pairs_per_list"]) == (5, 4, 1.0, 20.0)
    assert (found["degraded_percent"], found["coalesced_percent"], found["late_ms"]) == (25.0, 20.0, 2.0)
    assert (found["degraded"], found["read_percent"]) == ({"overload": 1}, 75.0)
    assert (found["p50_ms"], found["p99_ms"], found["model"]) == (250.0, 1250.0, "m")


def test_of_two_lists_for_a_trigger_the_first_counts() -> None:
    answers = Answers()
    made = {"list_id": "a", "covers": [["views", 0, 1]], "model": {"name": "m", "revision": "r", "provider": "p"}}
    answers.take(msgspec.json.encode(made), moment=1.0)
    answers.take(msgspec.json.encode(made | {"list_id": "b"}), moment=2.0)
    assert answers.first["views", 0, 1][0] == 1.0


@pytest.mark.kafka
def test_at_a_low_rate_every_list_is_whole_and_nothing_waits(tmp_path: Path) -> None:
    (found,) = rising(Settings(), [5], seconds=3, warm_up_s=1, viewers=50, folder=tmp_path)
    assert found["triggers"] >= found["lists"] >= 5
    assert found["pairs_per_list"] > 0
    assert 0 < found["p50_ms"] <= found["p99_ms"]
    assert found["provider"] == "CPUExecutionProvider"
