"""The worker's metrics: seconds, bytes and totals, never a label that names a user or an item."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest

from streamrec.processors.base import Outcome

FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SLOW = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """All metrics of a worker, in a registry of their own; labels hold topics without their `prefix`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.registry = own = CollectorRegistry()
        self.events = Counter("streamrec_events", "What became of events, by topic and outcome.", ["topic", "outcome"], registry=own)
        self.records = Counter("streamrec_records", "Records read, by topic.", ["topic"], registry=own)
        self.batch_size = Histogram("streamrec_batch_records", "Records of one batch, by topic.", ["topic"], buckets=SIZES, registry=own)
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
        self.ready = Gauge("streamrec_ready", "1 when the worker serves all its partitions.", registry=own)
        self.model = Info("streamrec_model", "The model in use.", registry=own)
        ProcessCollector(registry=own)

    def observe(self, topic: str, size: int, outcome: Outcome) -> None:
        """Count what became of a batch of `size` records of `topic` ("tick" for what was due by time)."""
        topic = topic.removeprefix(self._prefix)
        if size:
            self.records.labels(topic).inc(size)
            self.batch_size.labels(topic).observe(size)
        for name, count in outcome.counts.items():
            self.events.labels(topic, name).inc(count)
        for stage, seconds in outcome.seconds.items():
            self.stage_seconds.labels(stage).observe(seconds)

    def describe_model(self, labels: Mapping[str, str]) -> None:
        """Say which model serves."""
        self.model.info(dict(labels))

    def set_lag(self, topic: str, records: int) -> None:
        """Say how many records of a topic wait to be read."""
        self.lag.labels(topic.removeprefix(self._prefix)).set(records)

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)
