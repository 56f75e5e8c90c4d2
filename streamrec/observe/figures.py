"""The figures of the live page: what the metrics say about the last seconds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from streamrec.observe.metrics import KEPT, REMOVED, Metrics

WINDOW_S = 10.0
"""Rates over less would jump with each batch of a quiet shop, and over more would follow an outage late."""
Labels = tuple[str, ...]
Samples = dict[str, dict[Labels, float]]


class Figures:
    """What has changed within the last seconds; ask for it about once a second."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._clock = clock
        self._past: deque[tuple[float, Samples]] = deque()

    def now(self) -> dict[str, Any]:
        """Rates per second, quantiles in ms, and totals; quantiles without an observation are None."""
        moment, new = self._clock(), samples(self._metrics)
        while len(self._past) > 1 and moment - self._past[1][0] >= WINDOW_S:
            self._past.popleft()
        since, old = self._past[0] if self._past else (moment, new)
        self._past.append((moment, new))
        seconds = max(moment - since, 1e-9)  # at the first call nothing has grown
        grown = {name: growth(values, old.get(name, {})) for name, values in new.items()}
        events = sums(grown["streamrec_events_total"], 1)
        lists, degraded = events.get("list", 0.0), {name: count for name, count in events.items() if name.startswith("degraded_")}
        fates = sums(grown["streamrec_candidates_total"], 0)
        return {
            "window_s": round(seconds, 1),
            "records_s": sum(grown["streamrec_records_total"].values()) / seconds,
            "lists_s": lists / seconds,
            "topics": {topic: count / seconds for (topic,), count in grown["streamrec_records_total"].items()},
            "outcomes": {name: count / seconds for name, count in events.items() if count},
            "degraded_share": sum(degraded.values()) / lists if lists else None,
            "degraded": {name.removeprefix("degraded_"): count for name, count in degraded.items() if count},
            "lists_total": sums(new["streamrec_events_total"], 1).get("list", 0.0),
            "latency": quantiles(grown, "streamrec_list_seconds", ()),
            "stages": self._stages(grown),
            "kept": fates.get(KEPT, 0.0),
            "removed": {name.removeprefix(REMOVED): count for name, count in fates.items() if name != KEPT and count},
            "dead_letters_total": sum(new["streamrec_dead_letters_total"].values()),
            "dead_letters": sums(new["streamrec_dead_letters_total"], 1),
            "model": dict(self._metrics.gauges.model()),
            "reading": dict(self._metrics.gauges.reading()),
            "memory_bytes": new.get("process_resident_memory_bytes", {}).get((), None),
        }

    def _stages(self, grown: Samples) -> list[dict[str, Any]]:
        spent = {labels: value for labels, value in grown["streamrec_stage_seconds_sum"].items() if value > 0}
        return [
            {"stage": labels[0], "seconds": value, **quantiles(grown, "streamrec_stage_seconds", labels)}
            for labels, value in sorted(spent.items(), key=lambda entry: -entry[1])
        ]


def samples(metrics: Metrics) -> Samples:
    """Every sample by name and label values (in a fixed order; `le` last)."""
    # Those that the page asks for by name are there from the start, also before anything was counted.
    by_name: Samples = {
        name: {}
        for name in (
            "streamrec_events_total",
            "streamrec_records_total",
            "streamrec_candidates_total",
            "streamrec_dead_letters_total",
            "streamrec_stage_seconds_sum",
        )
    }
    for family in metrics.registry.collect():
        for sample in family.samples:
            by_name.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return by_name


def growth(new: dict[Labels, float], old: dict[Labels, float]) -> dict[Labels, float]:
    """By how much each value has grown; new ones have grown from 0."""
    return {labels: value - old.get(labels, 0.0) for labels, value in new.items()}


def sums(values: dict[Labels, float], position: int) -> dict[str, float]:
    """Add up the values that have the same label at a position."""
    by_label: dict[str, float] = {}
    for labels, value in values.items():
        by_label[labels[position]] = by_label.get(labels[position], 0.0) + value
    return by_label


def quantiles(grown: Samples, name: str, labels: Labels) -> dict[str, float | None]:
    """p50 and p99 in ms, and the count of a histogram, interpolated within buckets as Prometheus does."""
    buckets = [(float(key[-1]), value) for key, value in grown.get(f"{name}_bucket", {}).items() if key[:-1] == labels]
    return {
        "count": max((value for _, value in buckets), default=0.0),
        "p50": _quantile(sorted(buckets), 0.5),
        "p99": _quantile(sorted(buckets), 0.99),
    }


def _quantile(buckets: Iterable[tuple[float, float]], share: float) -> float | None:
    ordered = list(buckets)
    total = ordered[-1][1] if ordered else 0.0
    if not total:
        return None
    low, before = 0.0, 0.0
    for high, count in _finite(ordered):
        if count >= share * total:
            return 1000 * (low + (high - low) * (share * total - before) / (count - before))
        low, before = high, count
    return 1000 * low  # beyond the last bucket with a bound: at least this


def _finite(buckets: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    return ((high, count) for high, count in buckets if high != float("inf"))
