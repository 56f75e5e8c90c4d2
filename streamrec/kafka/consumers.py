"""Consumers of aiokafka that read topics beside the workers' group, such as changelogs, the catalogue, or what the learner learns from."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer

from streamrec.kafka import clients
from streamrec.settings import Settings


def whole_reader(settings: Settings, group: str | None = None, **more: Any) -> AIOKafkaConsumer:
    """A consumer that is told what to read from where, sees what is committed only, and commits nothing by itself; not yet started.

    With a `group` it may show its offsets there. `more` are further options of aiokafka.
    """
    return AIOKafkaConsumer(
        group_id=group,
        isolation_level="read_committed",
        # `seek_to_beginning` right after `assign` races with the reset of a position: with "latest" it may end at the end.
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        # A batch that the broker's disk has damaged is stood for by one record that cannot be read: the reader decides what that means.
        # With the check, the consumer would stop in front of it for good.
        check_crcs=False,
        fetch_max_wait_ms=settings.fetch_max_wait_ms,
        **more,
        **clients.aiokafka(settings),
    )
