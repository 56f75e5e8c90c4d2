"""The figures of the last seconds."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from streamrec.contract.idle import Idle
from streamrec.contract.processor import Outcome
from streamrec.observe.figures import Figures
from streamrec.observe.metrics import Metrics

NOW_MS = 1_700_000_000_000


def records(count: int) -> list[Any]:
    return [SimpleNamespace(timestamp=NOW_MS)] * count


def test_rates_and_shares_are_those_of_the_last_seconds_only() -> None:
    now = [0.0]
    metrics = Metrics("shop.")
    figures = Figures(metrics, lambda: now[0])
    metrics.observe("shop.views", records(900), Outcome(counts=Counter(applied=900, list=900)))
    figures.now()
    for _ in range(12):
        now[0] += 1.0
        counts = Counter(list=4, degraded_overload=1, kept=30, removed_sold_out=10)
        metrics.observe("shop.views", records(5), Outcome(counts=counts, seconds={"rank": 0.003}))
        said = figures.now()
    assert said["window_s"] == 10
    assert said["records_s"] == pytest.approx(5)
    assert said["lists_s"] == pytest.approx(4)
    assert said["lists_total"] == 900 + 48
    assert said["degraded_share"] == pytest.approx(0.25)
    assert said["degraded"] == {"overload": 10}
    assert (said["kept"], said["removed"]) == (300, {"sold_out": 100})
    (stage,) = said["stages"]
    assert stage["seconds"] == pytest.approx(0.03)
    assert 2.5 <= stage["p50"] <= stage["p99"] <= 5, "within the bucket of 3 ms"


def test_without_events_there_are_no_shares_and_no_quantiles() -> None:
    said = Figures(Metrics("")).now()
    assert said["degraded_share"] is None
    assert said["latency"]["p50"] is None
    assert said["records_s"] == 0


def test_the_model_is_the_one_that_serves_now() -> None:
    class Model(Idle):
        revision = "1"

        def model(self) -> dict[str, str]:
            return {"name": "mini", "revision": self.revision, "provider": "CPUExecutionProvider"}

        def reading(self) -> dict[str, float]:
            return {"promised": 0.25}

    model = Model()
    figures = Figures(Metrics("", model))
    assert figures.now()["model"]["revision"] == "1"
    assert figures.now()["reading"] == {"promised": 0.25}
    model.revision = "2"
    assert figures.now()["model"]["revision"] == "2"
