"""The latency of real lists: figures from a worker's metrics, and one rate on a real worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.latency import rising, row
from benchmarks.probe import Figures
from streamrec.demo.ledger import Report
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


def test_a_rate_counts_what_was_done_since_it_began() -> None:
    report = Report(
        triggers=100, lists=80, coalesced=20, p50_ms=5.0, p99_ms=9.0, model="m", provider="p", dead_letters=0, bad_sent=0, degraded=8,
        repeated=0, uncovered=0, first_list_s=0.1, simulated=0, weights="w", seconds=4.0,
    )  # fmt: skip
    found = row(25, report, Figures(METRICS % 10), Figures(METRICS % 1610), lag=7.0, drain_s=0.26)
    assert (found["lists_per_s"], found["pairs_per_list"]) == (20.0, 20.0)
    assert (found["degraded_percent"], found["coalesced_percent"], found["lag"], found["drain_s"]) == (10.0, 20.0, 7, 0.3)


@pytest.mark.kafka
def test_at_a_low_rate_every_list_is_whole_and_nothing_waits(tmp_path: Path) -> None:
    (found,) = rising(Settings(), [5], seconds=3, warm_up_s=1, viewers=50, folder=tmp_path)
    assert found["triggers"] >= found["lists"] >= 5
    assert found["pairs_per_list"] > 0
    assert 0 < found["p50_ms"] <= found["p99_ms"]
    assert found["provider"] == "CPUExecutionProvider"
