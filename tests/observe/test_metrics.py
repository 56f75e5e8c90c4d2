"""The worker's metrics."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from streamrec.contract.backlog import Backlog
from streamrec.contract.idle import Idle
from streamrec.contract.processor import Outcome
from streamrec.errors import BadEvent
from streamrec.events.dead_letters import dead_letter
from streamrec.observe.metrics import Metrics

NOW_MS = 1_700_000_000_000


def _samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def _record(timestamp: int = NOW_MS) -> Any:
    return SimpleNamespace(topic="shop.views", partition=0, offset=3, timestamp=timestamp, key=b"u", value=b"x", headers=[])


def test_outcomes_are_counted_by_topic_without_its_prefix() -> None:
    metrics = Metrics("shop.")
    metrics.observe("shop.views", [_record()] * 3, Outcome(counts=Counter(applied=2, dead_letter=1), seconds={"rank": 0.004}))
    metrics.observe("tick", (), Outcome(counts=Counter(stats=5)))
    found = _samples(metrics)
    assert found["streamrec_records_total", "views"] == 3
    assert found["streamrec_events_total", "applied", "views"] == 2
    assert found["streamrec_events_total", "dead_letter", "views"] == 1
    assert found["streamrec_events_total", "stats", "tick"] == 5
    assert found["streamrec_batch_records_count", "views"] == 1
    assert found["streamrec_stage_seconds_sum", "rank"] == 0.004
    assert ("streamrec_records_total", "tick") not in found


def test_candidates_are_no_events() -> None:
    metrics = Metrics("shop.")
    metrics.observe("shop.views", [_record()], Outcome(counts=Counter(kept=7, removed_sold_out=2)))
    found = _samples(metrics)
    assert found["streamrec_candidates_total", "kept"] == 7
    assert found["streamrec_candidates_total", "removed_sold_out"] == 2
    assert not [name for name in found if name[0] == "streamrec_events_total"]


def test_dead_letters_are_counted_by_where_they_were_read_and_why() -> None:
    metrics = Metrics("shop.")
    letter = dead_letter("shop.dead-letters", _record(), "decode", BadEvent("misrouted", "no"), NOW_MS)
    metrics.observe("tick", (), Outcome(records=[letter], counts=Counter(dead_letter=1)))
    assert _samples(metrics)["streamrec_dead_letters_total", "misrouted", "views"] == 1


def test_the_delay_of_an_event_is_from_its_own_time_to_that_of_kafka() -> None:
    metrics = Metrics("shop.")
    metrics.observe("shop.views", [_record(), _record(NOW_MS + 2500)], Outcome(event_ms=NOW_MS))
    assert _samples(metrics)["streamrec_event_delay_seconds_sum", "views"] == 2.5


def test_the_latency_of_lists_is_known_once_kafka_has_them() -> None:
    metrics = Metrics("shop.")

    async def acknowledge() -> None:
        lost, sent = (asyncio.get_running_loop().create_future() for _ in range(2))
        oldest = _record(int(1000 * time.time()) - 3000)
        for future in (lost, sent):
            metrics.observe("shop.views", [oldest, _record()], Outcome(counts=Counter(list=1)), [future])
        lost.set_exception(RuntimeError("not sent"))
        assert _samples(metrics)["streamrec_list_seconds_count",] == 0
        sent.set_result(None)
        await asyncio.sleep(0)

    asyncio.run(acknowledge())
    found = _samples(metrics)
    assert found["streamrec_list_seconds_count",] == 1
    assert found["streamrec_list_seconds_sum",] >= 3


class Model(Idle):
    """A model that has scored, beside published ones and learned weights."""

    def model(self) -> dict[str, str]:
        return {"name": "tiny", "revision": "1"}

    def pairs(self) -> dict[str, int]:
        return {"cached": 5}

    def reading(self) -> dict[str, float]:
        return {"promised": 0.5}

    def swaps(self) -> dict[str, int]:
        return {"refused": 1}

    def weights(self) -> dict[str, int]:
        return {"served": 2}

    def held(self) -> dict[str, int]:
        return {"rooms": 3}

    def dropped(self) -> dict[str, int]:
        return {"rules": 4}

    def nearest(self) -> dict[str, int]:
        return {"clusters": 5}

    def recall(self) -> float:
        return 0.96

    def awaiting(self) -> int:
        return 6


def test_model_and_catalogue_are_asked_when_the_metrics_are_read() -> None:
    metrics = Metrics("", Model())
    metrics.set_lag("views", 7)
    found = _samples(metrics)
    assert found["streamrec_model_info", "tiny", "1"] == 1
    assert found["streamrec_lag_records", "views"] == 7
    assert found["streamrec_reading", "promised"] == 0.5
    assert found["streamrec_pairs_total", "cached"] == 5
    assert found["streamrec_model_swaps_total", "refused"] == 1
    assert found["streamrec_weights_total", "served"] == 2
    assert found["streamrec_catalogue", "rooms"] == 3
    assert found["streamrec_nearest", "clusters"] == 5
    assert found["streamrec_nearest_recall",] == 0.96
    assert found["streamrec_catalogue_dropped_total", "rules"] == 4
    assert found["streamrec_parked_records", "catalogue"] == 6


def test_a_recall_that_was_not_measured_is_missing() -> None:
    assert ("streamrec_nearest_recall",) not in _samples(Metrics(""))


@pytest.mark.parametrize("allowed", [{"topic", "outcome", "stage", "family", "le", "fate", "reason", "of"}])
def test_no_label_could_name_a_user_or_an_item(allowed: set[str]) -> None:
    metrics = Metrics("shop.")
    letter = dead_letter("shop.dead-letters", _record(), "decode", BadEvent("misrouted", "no"), NOW_MS)
    counts = Counter(applied=1, kept=1, dead_letter=1)
    metrics.observe("shop.views", [_record()], Outcome([letter], counts=counts, seconds={"rank": 1.0}, event_ms=NOW_MS))
    labels = {label for family in metrics.registry.collect() for sample in family.samples for label in sample.labels}
    assert labels <= allowed


def test_users_who_wait_for_lists_and_events_that_wait_for_schemas_are_told() -> None:
    metrics = Metrics("shop.")
    metrics.set_backlog(Backlog(waiting=7, overdue=2, overdue_s=1.5, parked=3))
    found = _samples(metrics)
    assert [found[f"streamrec_{name}",] for name in ("waiting_users", "overdue_users", "overdue_seconds")] == [7, 2, 1.5]
    assert found["streamrec_parked_records", "events"] == 3
