"""The worker's metrics."""

from __future__ import annotations

from collections import Counter

from prometheus_client.parser import text_string_to_metric_families

from streamrec.processors.base import Outcome
from streamrec.web.metrics import Metrics


def _samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def test_outcomes_are_counted_by_topic_without_its_prefix() -> None:
    metrics = Metrics("shop.")
    metrics.observe("shop.views", 3, Outcome(counts=Counter(applied=2, dead_letter=1), seconds={"rank": 0.004}))
    metrics.observe("tick", 0, Outcome(counts=Counter(stats=5)))
    found = _samples(metrics)
    assert found["streamrec_records_total", "views"] == 3
    assert found["streamrec_events_total", "applied", "views"] == 2
    assert found["streamrec_events_total", "dead_letter", "views"] == 1
    assert found["streamrec_events_total", "stats", "tick"] == 5
    assert found["streamrec_batch_records_count", "views"] == 1
    assert found["streamrec_stage_seconds_sum", "rank"] == 0.004
    assert ("streamrec_records_total", "tick") not in found


def test_the_model_is_named_and_the_lag_shown() -> None:
    metrics = Metrics("")
    metrics.describe_model({"name": "tiny", "revision": "1"})
    metrics.set_lag("views", 7)
    found = _samples(metrics)
    assert found["streamrec_model_info", "tiny", "1"] == 1
    assert found["streamrec_lag_records", "views"] == 7


def test_no_label_could_name_a_user_or_an_item() -> None:
    labels = {label for family in Metrics("").registry.collect() for sample in family.samples for label in sample.labels}
    assert labels <= {"topic", "outcome", "stage", "family", "le"}
