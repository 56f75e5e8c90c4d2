"""What the learner reads: slates and feedback of the last day, and how far the brokers' clock has come in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streamrec.events.topics import TOPICS
from streamrec.kafka.consumers import whole_reader
from streamrec.kafka.topics import partitions_of
from streamrec.learning.join import LATE_PURCHASE_MS
from streamrec.settings import Settings
from streamrec.system.clock import now_ms

log = structlog.get_logger(__name__)

POLL_MS = 200
"""A poll waits no longer for records: examples are due by the clock, also while nothing comes."""
POLL_RECORDS = 2000
"""Records of one poll: they bound the memory of a round, and how long examples that are due wait for its end."""


class Inputs:
    """Reads all partitions of some topics from a day back (or `whole`), and follows them. The consumer group only shows how far it is."""

    def __init__(self, settings: Settings, names: Sequence[str], group: str | None = None, *, whole: bool = False) -> None:
        self._settings, self._names, self._whole = settings, names, whole
        self._consumer = whole_reader(settings, group)
        self.partitions: list[TopicPartition] = []
        self._since: dict[TopicPartition, int] = {}
        """Records from before that time (ms) are left out."""
        self._came: dict[TopicPartition, int] = {}

    async def open(self) -> None:
        """Connect, and go back a day."""
        await self._consumer.start()
        for name in self._names:
            count = partitions_of(TOPICS[name], self._settings)
            self.partitions += [TopicPartition(self._settings.topic(name), number) for number in range(count)]
        self._consumer.assign(self.partitions)
        first = await self._consumer.beginning_offsets(self.partitions)
        for partition in self.partitions:
            self._consumer.seek(partition, first[partition] if self._whole else await self._a_day_back(partition, first[partition]))
        self._came = dict.fromkeys(self.partitions, 0)

    async def _a_day_back(self, partition: TopicPartition, first: int) -> int:
        since = now_ms() - LATE_PURCHASE_MS
        try:
            since_then = (await self._consumer.offsets_for_times({partition: since})).get(partition)
            return int(since_then.offset if since_then is not None else (await self._consumer.end_offsets([partition]))[partition])
        except KafkaError as exc:
            # To find a time the broker unpacks a batch, and one that somebody has made for that is more than its memory holds.
            log.warning("a day back cannot be looked up; reading from the beginning", **partition._asdict(), problem=repr(exc))
            self._since[partition] = since
            return first

    async def poll(self, timeout_ms: int = POLL_MS) -> dict[TopicPartition, list[Any]]:
        """The next records by partition."""
        got: dict[TopicPartition, list[Any]] = await self._consumer.getmany(timeout_ms=timeout_ms, max_records=POLL_RECORDS)
        for partition in self.partitions:
            if records := got.get(partition):
                self._came[partition] = max(self._came[partition], records[-1].timestamp)
                if since := self._since.get(partition):
                    got[partition] = [record for record in records if record.timestamp >= since]
            elif await self._behind(partition) == 0:
                # The broker's last answer held nothing new; without one the clock stands still.
                self._came[partition] = max(self._came[partition], self._consumer.last_poll_timestamp(partition) or 0)
        return got

    def came(self) -> int:
        """Up to this time (ms, the brokers' clock) everything has been read: of the input that is furthest behind."""
        return min(self._came.values(), default=0)

    async def lag(self) -> dict[str, int]:
        """Records that wait to be read, by topic name without prefix."""
        waiting = dict.fromkeys(self._names, 0)
        for partition in self.partitions:
            waiting[partition.topic.removeprefix(self._settings.prefix)] += await self._behind(partition) or 0
        return waiting

    async def caught_up(self) -> bool:
        """Whether everything was read that is there."""
        return all([await self._behind(partition) == 0 for partition in self.partitions])

    async def positions(self) -> dict[TopicPartition, int]:
        """The next offset of every partition."""
        return {partition: await self._consumer.position(partition) for partition in self.partitions}

    async def commit(self) -> None:
        """Show how far it has come; nothing depends on it."""
        await self._consumer.commit(await self.positions())

    async def close(self) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def _behind(self, partition: TopicPartition) -> int | None:
        """Records that wait in a partition; None until its broker has reported an end."""
        end = self._consumer.highwater(partition)
        return None if end is None else max(0, end - await self._consumer.position(partition))
