"""Erasure and its proof: the changelog, from which every disk is built, does not hold the person any more."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from kafka import TopicPartition

from streamrec.engine.store.mark import MARK, decode_mark
from streamrec.errors import NotForgotten
from streamrec.events.codec import encode
from streamrec.events.fields import EventTime
from streamrec.events.partitioner import partition_of
from streamrec.events.topics import TOPICS
from streamrec.events.types import Erasure
from streamrec.kafka import topics
from streamrec.kafka.producers import producer
from streamrec.kafka.reading import reader
from streamrec.settings import Settings

PERSONAL = (
    *(name for name, topic in TOPICS.items() if topic.key == "user_id"),
    "danmaku-insights",
    "replies",
    "training-examples",
    "dead-letters",
)
"""Where what a person did, wrote, and was shown, stays for as long as the topic keeps it."""
REPLACED = ("user-changelog", "room-changelog", "room-moments")
"""Where it stays until a newer record of the same key has replaced it, and Kafka has compacted the topic."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An erasure in its topic. What became of it stands in the changelog from `changelog_end` on."""

    user_id: str
    ts: int
    partition: int
    offset: int
    changelog_end: int


def send(settings: Settings, user_id: str, ts: int, reason: str | None) -> Sent:
    """Send the erasure of a user.

    Raises:
        BrokerUnavailable, TopicMismatch: it cannot be sent.
    """
    key = user_id.encode()
    topics.require(topics.describe(settings))
    number = partition_of(key, settings.partitions)
    place = TopicPartition(settings.topic("user-changelog"), number)
    with producer(settings, ["erasures", "user-changelog"]) as out:
        # The end before the erasure is sent: a worker may have committed it by the time that Kafka has acknowledged it.
        with reader(settings) as consumer:
            end = consumer.end_offsets([place])[place]
        value = encode(Erasure(user_id=user_id, ts=EventTime(ts), reason=reason))
        done = out.send(settings.topic("erasures"), value, key=key, partition=number).get(timeout=30)
    return Sent(user_id, ts, number, done.offset, end)


def wait(settings: Settings, sent: Sent, timeout_s: float) -> bool:
    """Wait until a checkpoint with the erasure is committed; return whether there was a row (its tombstone has deleted it).

    Raises:
        NotForgotten: no checkpoint had it in that time, or a newer event has made a new row.
    """
    key, erasures = sent.user_id.encode(), settings.topic("erasures")
    place = TopicPartition(settings.topic("user-changelog"), sent.partition)
    deadline = time.monotonic() + timeout_s
    rows: dict[bytes, bytes | None] = {}
    with reader(settings) as consumer:
        consumer.assign([place])
        consumer.seek(place, sent.changelog_end)
        while time.monotonic() < deadline:
            for record in consumer.poll(timeout_ms=200).get(place, ()):
                if record.key == key:
                    rows[key] = record.value
                # The mark is the last record of its transaction: nothing of that is still to come.
                elif record.key == MARK and decode_mark(record.value).next.get(erasures, 0) > sent.offset:
                    if rows.get(key) is not None:
                        raise NotForgotten(
                            "the row was deleted, and younger events have made a new one: stop their source, then forget again"
                        )
                    return key in rows
    raise NotForgotten(
        f"the erasure is sent ({settings.topic('erasures')}-{sent.partition}-{sent.offset}), but no worker has committed it within "
        f"{timeout_s:g} s: see that workers run and how far behind they are (`streamrec doctor`); it is applied when one reads it"
    )


def remains(settings: Settings) -> dict[str, int | None]:
    """For how long (ms) each topic keeps what it holds of a person; None is for ever.

    Topics that are compacted lose what was replaced then; the time given is the latest for that.
    """
    reports = {report.name: report.config for report in topics.describe(settings)}
    kept_ms: dict[str, int | None] = {}
    for name in PERSONAL:
        retention = int(reports.get(name, {}).get("retention.ms", -1))
        kept_ms[name] = retention if retention >= 0 else None
    for name in REPLACED:
        config: dict[str, Any] = {**TOPICS[name].config, **reports[name]}
        kept_ms[name] = int(config["max.compaction.lag.ms"]) + int(config["delete.retention.ms"])
    return kept_ms
