"""Checks of Kafka: the broker, the topics, whether producers hash their keys as streamrec does, and whose catalogue it is."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streamrec.doctor.check import Check
from streamrec.errors import ModelError, StreamrecError
from streamrec.events.partitioner import partition_of
from streamrec.kafka import clients, topics
from streamrec.settings import Settings
from streamrec.worker.assembly import own_choice

# Somebody waits for the report: the usual minute for a broker would be too long for "is it there?".
PATIENCE_S = 5.0
SAMPLE = 100
"""How many of the most recent records are looked at in each partition."""
CATALOGUE = 5000
"""How many of the most recent records of items are looked at: a sample is enough to tell one shop from another."""
MANY = 0.1
"""Share of strayed records above which a producer as a whole must be wrong, and not single events."""
_READ_S = 10.0


def checks(settings: Settings) -> list[Check]:
    """The checks of broker, topics, keys and catalogue; those that depend on a failed one are left out."""
    settings = settings.model_copy(update={"broker_patience_s": min(PATIENCE_S, settings.broker_patience_s)})
    try:
        reports = topics.describe(settings)
    except (StreamrecError, KafkaError) as exc:
        return [Check("broker", "fail", str(exc))]
    results = [Check("broker", "ok", f"answers at {settings.broker}"), _topics(settings, reports)]
    if results[-1].state == "ok":
        try:
            results.append(keys(settings))
        except KafkaError as exc:
            results.append(Check("keys", "fail", f"the most recent records cannot be read: {exc}", "see that the brokers are well"))
        try:
            results.append(catalogue(settings))
        except KafkaError as exc:
            results.append(Check("catalogue", "fail", f"the topic items cannot be read: {exc}", "see that the brokers are well"))
        except ModelError:
            pass  # the check of the model tells
    return results


def _topics(settings: Settings, reports: list[topics.Report]) -> Check:
    wrong = [report for report in reports if report.state == "mismatch"]
    if wrong:
        problems = "; ".join(f"{report.topic}: {report.problem}" for report in wrong)
        return Check("topics", "fail", f"{len(wrong)} of {len(reports)} are not as they must be", problems)
    missing = [settings.topic(report.name) for report in reports if report.state == "missing"]
    if missing:
        return Check("topics", "fail", f"missing: {', '.join(missing)}", "run `streamrec topics create`")
    return Check("topics", "ok", f"{len(reports)} with the prefix {settings.prefix!r}, {settings.partitions} partitions each where keyed")


def keys(settings: Settings) -> Check:
    """Whether the most recent records of the user topics lie in the partitions that murmur2 gives their keys."""
    looked: Counter[str] = Counter()
    strayed: Counter[str] = Counter()
    for topic, partition, key in _recent_keys(settings):
        looked[topic] += 1
        strayed[topic] += key is None or partition_of(key, settings.partitions) != partition
    if not looked:
        return Check("keys", "ok", "no events yet")
    if bad := {topic: count for topic, count in strayed.items() if count}:
        shares = ", ".join(f"{count} of {looked[topic]} recent records of {topic}" for topic, count in bad.items())
        many = any(count > MANY * looked[topic] for topic, count in bad.items())
        return Check(
            "keys",
            "fail" if many else "warn",
            f"{shares} lie in another partition than murmur2 gives their key",
            "the producer must send the user id as key and hash it with murmur2: with librdkafka set partitioner=murmur2_random, "
            "with kafka-python, aiokafka and Java keep the default",
        )
    return Check("keys", "ok", f"{looked.total()} recent records lie where murmur2 puts them")


def catalogue(settings: Settings) -> Check:
    """Whether the blend of the settings was trained on this catalogue.

    Raises:
        ModelError: the blend cannot be used.
    """
    choice = own_choice(settings)
    items = [(settings.topic("items"), 0)]
    listed = {key: value is not None for _, _, key, value in _recent(settings, items, CATALOGUE) if key is not None}
    choice.decide([key.decode(errors="replace") for key, there in listed.items() if there])
    return Check("catalogue", "warn" if choice.why == "unknown" else "ok", f"is ranked by {choice.in_words()}")


def _recent_keys(settings: Settings) -> list[tuple[str, int, bytes | None]]:
    partitions = [(settings.topic(name), number) for name in topics.USER_SOURCES for number in range(settings.partitions)]
    return [(topic, partition, key) for topic, partition, key, _ in _recent(settings, partitions, SAMPLE)]


def _recent(settings: Settings, wanted: Sequence[tuple[str, int]], most: int) -> list[tuple[str, int, bytes | None, bytes | None]]:
    """Topic, partition, key and value of the last `most` records of each of these partitions."""
    consumer = KafkaConsumer(**clients.kafka_python(settings), enable_auto_commit=False)
    try:
        partitions = [TopicPartition(topic, number) for topic, number in wanted]
        first, end = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        start = {partition: max(first[partition], end[partition] - most) for partition in partitions if end[partition] > first[partition]}
        if not start:
            return []
        consumer.assign(list(start))
        for partition, offset in start.items():
            consumer.seek(partition, offset)
        read: list[tuple[str, int, bytes | None, bytes | None]] = []
        deadline = time.monotonic() + _READ_S
        while any(consumer.position(partition) < end[partition] for partition in start) and time.monotonic() < deadline:
            for records in consumer.poll(timeout_ms=500).values():
                read += [(record.topic, record.partition, record.key, record.value) for record in records]
        return read
    finally:
        consumer.close()
