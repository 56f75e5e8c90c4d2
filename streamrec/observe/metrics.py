"""The worker's metrics: seconds, bytes and totals, never a label that names a user or an item."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from streamrec.contract.backlog import Backlog
from streamrec.contract.idle import Idle
from streamrec.contract.pieces import Gauges
from streamrec.contract.processor import Outcome
from streamrec.contract.records import Inbound, header
from streamrec.events.dead_letters import PREFIX

# Buckets are fixed for good: dashboards and recording rules add them up over workers of several versions.
FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SLOW = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
AGES = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 3600.0, 21_600.0, 86_400.0, 604_800.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


KEPT, REMOVED = "kept", "removed_"
"""Outcomes that count candidates, not events."""
Totals = Callable[[], Mapping[str, int]]
Amounts = Callable[[], Mapping[str, float]]


class _Followed(Collector):
    """Totals that are counted elsewhere, and looked up when the metrics are read."""

    def __init__(self, name: str, help_text: str, totals: Totals) -> None:
        self._name, self._help = name, help_text
        self._totals = totals

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(self._name, self._help, labels=["outcome"])
        for outcome, total in sorted(self._totals().items()):
            family.add_metric([outcome], total)
        yield family


class _Held(Collector):
    """Amounts that are looked up when the metrics are read."""

    def __init__(self, name: str, help_text: str, amounts: Amounts) -> None:
        self._name, self._help = name, help_text
        self._amounts = amounts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._help, labels=["what"])
        for what, amount in sorted(self._amounts().items()):
            family.add_metric([what], amount)
        yield family


class _Measured(Collector):
    """One figure that is looked up when the metrics are read, and missing until it was measured."""

    def __init__(self, name: str, help_text: str, figure: Callable[[], float | None]) -> None:
        self._name, self._help = name, help_text
        self._figure = figure

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily(self._name, self._help, value=self._figure())


class Metrics:
    """All metrics of a worker, in a registry of their own; labels hold topics without their `prefix`."""

    def __init__(self, prefix: str, gauges: Gauges | None = None) -> None:
        """`gauges` are asked about model and catalogue whenever the metrics are read."""
        gauges = Idle() if gauges is None else gauges
        self._prefix = prefix
        self.registry = own = CollectorRegistry()
        self.events = Counter("streamrec_events", "What became of events, by topic and outcome.", ["topic", "outcome"], registry=own)
        self.candidates = Counter("streamrec_candidates", "Candidates, kept or removed by a filter.", ["fate"], registry=own)
        self.dead_letters = Counter("streamrec_dead_letters", "Dead letters, by topic and reason.", ["topic", "reason"], registry=own)
        self.records = Counter("streamrec_records", "Records read, by topic.", ["topic"], registry=own)
        self.batch_size = Histogram("streamrec_batch_records", "Records of one batch, by topic.", ["topic"], buckets=SIZES, registry=own)
        self.event_delay_seconds = Histogram(
            "streamrec_event_delay_seconds",
            "From the time of an event until Kafka had it; the last event of each batch.",
            ["topic"],
            buckets=AGES,
            registry=own,
        )
        self.list_seconds = Histogram(
            "streamrec_list_seconds",
            "From when Kafka had the oldest event of a batch until it had the lists that answer the batch.",
            buckets=SLOW,
            registry=own,
        )
        self.stage_seconds = Histogram("streamrec_stage_seconds", "Duration of a stage.", ["stage"], buckets=FAST, registry=own)
        self.checkpoint_seconds = Histogram(
            "streamrec_checkpoint_seconds", "Duration of a checkpoint, by state family.", ["family"], buckets=SLOW, registry=own
        )
        self.recovery_seconds = Histogram(
            "streamrec_recovery_seconds", "From the assignment of partitions to their first fetch.", buckets=SLOW, registry=own
        )
        self.gaps = Counter("streamrec_gaps", "Batches that did not follow on the last one and were fetched again.", registry=own)
        self.partitions = Gauge("streamrec_partitions", "Partitions that are open, by state family.", ["family"], registry=own)
        self.lag = Gauge("streamrec_lag_records", "Records that wait to be read, by topic.", ["topic"], registry=own)
        self.queue = Gauge("streamrec_queue_records", "Records that were fetched and wait for their turn.", registry=own)
        self.waiting = Gauge("streamrec_waiting_users", "Users who wait for a list.", registry=own)
        self.overdue = Gauge("streamrec_overdue_users", "Users who wait for a list though their time has come.", registry=own)
        self.overdue_seconds = Gauge("streamrec_overdue_seconds", "For how long the first of them has waited since.", registry=own)
        self.parked = Gauge(
            "streamrec_parked_records",
            "Events, and records of the catalogue, whose schema the registry has not told yet.",
            ["of"],
            registry=own,
        )
        self.ready = Gauge("streamrec_ready", "1 when the worker serves all its partitions.", registry=own)
        self.model = Info("streamrec_model", "The model in use.", registry=own)
        self.gauges = gauges
        self.parked.labels("catalogue").set_function(gauges.awaiting)
        nearest = "The clusters in which the nearest items of a large catalogue are looked for."
        weights = "Versions of learned weights that were served, refused or for another base."
        own.register(_Held("streamrec_catalogue", "What the catalogue holds, in memory, by what it is.", gauges.held))
        own.register(_Held("streamrec_nearest", nearest, gauges.nearest))
        own.register(_Measured("streamrec_nearest_recall", "The share of the nearest items that is found in clusters.", gauges.recall))
        own.register(_Followed("streamrec_catalogue_dropped", "What the catalogue gave up: too much, or too old.", gauges.dropped))
        own.register(_Followed("streamrec_weights", weights, gauges.weights))
        own.register(_Held("streamrec_reading", "What lists ask of the cross-encoder, and what the load allows.", gauges.reading))
        own.register(_Followed("streamrec_pairs", "Pairs for the cross-encoder, by outcome.", gauges.pairs))
        own.register(_Followed("streamrec_comments", "Comments that were read, by the model or by rules alone.", gauges.comments))
        own.register(_Followed("streamrec_model_swaps", "Published models that were taken over or refused.", gauges.swaps))
        ProcessCollector(registry=own)

    def observe(self, topic: str, records: Sequence[Inbound], outcome: Outcome, sent: Sequence[asyncio.Future[Any]] = ()) -> None:
        """Count what became of a batch of `topic` ("tick", without records, for what was due by time).

        The futures in `sent` are done once Kafka has acknowledged what the batch made, the lists last.
        """
        topic = topic.removeprefix(self._prefix)
        if records:
            self.records.labels(topic).inc(len(records))
            self.batch_size.labels(topic).observe(len(records))
            if outcome.event_ms is not None:
                self.event_delay_seconds.labels(topic).observe(max(0.0, (records[-1].timestamp - outcome.event_ms) / 1000))
            # Lists are sent last: their acknowledgement is that of the whole batch.
            if outcome.counts["list"] and sent:
                appended_s = records[0].timestamp / 1000
                sent[-1].add_done_callback(lambda future: self._acknowledged(future, appended_s))
        for name, count in outcome.counts.items():
            if name == KEPT or name.startswith(REMOVED):
                self.candidates.labels(name).inc(count)
            else:
                self.events.labels(topic, name).inc(count)
        if outcome.counts["dead_letter"]:
            self._count_dead_letters(outcome)
        for stage, seconds in outcome.seconds.items():
            self.stage_seconds.labels(stage).observe(seconds)

    def _acknowledged(self, future: asyncio.Future[Any], appended_s: float) -> None:
        if not future.cancelled() and future.exception() is None:
            self.list_seconds.observe(max(0.0, time.time() - appended_s))

    def _count_dead_letters(self, outcome: Outcome) -> None:
        for record in outcome.records:
            reason = header(record.headers, f"{PREFIX}reason")
            if reason is not None:
                topic = (header(record.headers, f"{PREFIX}topic") or b"").decode().removeprefix(self._prefix)
                self.dead_letters.labels(topic, reason.decode()).inc()

    def set_lag(self, topic: str, records: int) -> None:
        """Set how many records of a topic wait to be read."""
        self.lag.labels(topic.removeprefix(self._prefix)).set(records)

    def set_backlog(self, backlog: Backlog) -> None:
        """Set who waits for a list, and which events wait for schemas."""
        self.waiting.set(backlog.waiting)
        self.overdue.set(backlog.overdue)
        self.overdue_seconds.set(backlog.overdue_s)
        self.parked.labels("events").set(backlog.parked)

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        self.model.info(dict(self.gauges.model()))
        return generate_latest(self.registry)
