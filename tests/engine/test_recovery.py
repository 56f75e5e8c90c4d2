"""Recovery, piece by piece: what a disk is worth, and where the sources go on."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from kafka import KafkaAdminClient, TopicPartition

from streamrec.engine.partition import Family, Partition
from streamrec.engine.recovery import recover
from streamrec.engine.store.changelog import Changelog
from streamrec.engine.store.disk import Disk
from streamrec.engine.store.mark import Mark, Stamp, encode
from streamrec.engine.store.table import Budget
from streamrec.errors import StateMismatch
from streamrec.kafka import topics
from streamrec.settings import Settings
from tests.engine.counting import Count, Counted, CountUsers
from tests.engine.support import Shop

pytestmark = pytest.mark.kafka
HOUR_MS = 3600 * 1000


class Bench:
    """One partition that can be opened, written and recovered without a worker."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.ids = {report.topic: report.topic_id for report in topics.describe(settings)}
        sources = (settings.topic("views"), settings.topic("erasures"))
        self.family = Family("user", sources, settings.topic("user-changelog"), CountUsers(settings))
        self.folder = folder
        self.position = 0

    def mark(self, views: int) -> Mark:
        topics_read = {topic: self.ids[topic] for topic in self.family.sources}
        return Mark({self.family.sources[0]: views}, topics_read, {"seen": views})

    def write(self, rows: dict[bytes, Count | None], mark: Mark, disk: bool) -> None:
        """A checkpoint, with or without the disk's part of it."""

        async def run() -> None:
            log = Changelog(self.settings, "user", self.family.changelog, 0)
            await log.open()
            packed = [(key, self.family.processor.pack(row) if row else None) for key, row in rows.items()]
            self.position = await log.commit(packed, encode(mark))
            await log.close()
            if disk:
                stamp = Stamp(self.ids[self.family.changelog], self.position, int(time.time() * 1000), encode(mark))
                own = Disk(self.folder)
                own.write(packed, stamp)
                own.close()

        asyncio.run(run())

    def stamp(self, **changes: Any) -> None:
        disk = Disk(self.folder)
        assert disk.stamp is not None
        values = {name: getattr(disk.stamp, name) for name in disk.stamp.__struct_fields__}
        disk.write([], Stamp(**(values | changes)))
        disk.close()

    def recover(self, kept_ms: int = HOUR_MS) -> Partition:
        async def run() -> Partition:
            log = Changelog(self.settings, "user", self.family.changelog, 0)
            partition = Partition(self.family, 0, log, Disk(self.folder), Budget(1_000_000))
            try:
                await recover(self.settings, [partition], self.ids, {self.family.changelog: kept_ms})
            finally:
                partition.disk.close()
            return partition

        return asyncio.run(run())

    def rows(self, *keys: bytes) -> list[tuple[int, int] | None]:
        disk = Disk(self.folder)
        packed = [disk.get(key) for key in keys]
        disk.close()
        found = [CountUsers(self.settings).unpack(raw) if raw else None for raw in packed]
        return [(row.events, row.total) if row else None for row in found]


@pytest.fixture
def bench(settings: Settings, tmp_path: Path) -> Bench:
    return Bench(settings, tmp_path / "user" / "0")


def test_a_first_start_begins_at_the_beginning(bench: Bench) -> None:
    partition = bench.recover()
    assert partition.guard.next == dict.fromkeys(bench.family.sources, 0)
    assert (partition.saved, partition.memory) == (None, Counted())


def test_a_disk_behind_its_changelog_catches_up_with_rows_and_deletions(bench: Bench) -> None:
    bench.write({b"ann": Count(1, 1), b"bob": Count(1, 1)}, bench.mark(0), disk=True)
    bench.write({b"ann": None, b"bob": Count(2, 2), b"cid": Count(1, 5)}, bench.mark(0), disk=False)
    partition = bench.recover()
    assert bench.rows(b"ann", b"bob", b"cid") == [None, (2, 2), (1, 5)]
    assert partition.memory == Counted(seen=0)
    assert partition.disk.stamp is not None
    assert partition.disk.stamp.position > bench.position - 1


def test_what_a_later_owner_writes_meanwhile_is_left_to_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write({b"ann": Count(1, 1)}, bench.mark(0), disk=False)
    look = AIOKafkaConsumer.end_offsets

    async def end_offsets(*args: Any) -> Any:
        found = await look(*args)
        await asyncio.to_thread(bench.write, {b"ann": Count(2, 2)}, bench.mark(5), disk=False)
        return found

    monkeypatch.setattr(AIOKafkaConsumer, "end_offsets", end_offsets)
    partition = bench.recover()
    assert (partition.memory.seen, partition.guard.next[bench.family.sources[0]]) == (0, 0)
    assert bench.rows(b"ann") == [(1, 1)]


def test_an_empty_disk_is_built_from_the_changelog(bench: Bench) -> None:
    bench.write({b"ann": Count(1, 1), b"bob": Count(1, 1)}, bench.mark(0), disk=False)
    bench.write({b"ann": None}, bench.mark(0), disk=False)
    bench.recover()
    assert bench.rows(b"ann", b"bob") == [None, (1, 1)]


def test_a_disk_that_was_not_finished_is_built_anew(bench: Bench) -> None:
    disk = Disk(bench.folder)
    disk.write([(b"left over", b"1")])
    disk.close()
    bench.write({b"ann": Count(1, 1)}, bench.mark(0), disk=False)
    bench.recover()
    assert bench.rows(b"left over", b"ann") == [None, (1, 1)]


def test_a_disk_older_than_the_tombstones_is_built_anew(bench: Bench) -> None:
    bench.write({b"ann": Count(1, 1), b"deleted long ago": Count(1, 1)}, bench.mark(0), disk=True)
    disk = Disk(bench.folder)
    disk.write([(b"a row whose tombstone is gone", b"\x01" + bytes(16))])
    disk.close()
    bench.stamp(saved_ms=int(time.time() * 1000) - HOUR_MS + 60_000)
    bench.recover()
    assert bench.rows(b"a row whose tombstone is gone") != [None], "the tombstones are still there to tell"
    bench.stamp(saved_ms=int(time.time() * 1000) - HOUR_MS - 60_000)
    bench.recover()
    assert bench.rows(b"a row whose tombstone is gone", b"ann") == [None, (1, 1)]


def test_a_disk_of_another_changelog_is_refused(bench: Bench) -> None:
    bench.write({b"ann": Count(1, 1)}, bench.mark(0), disk=True)
    bench.stamp(changelog="another")
    with pytest.raises(StateMismatch, match="streamrec state repair"):
        bench.recover()


def test_a_disk_ahead_of_its_changelog_is_refused(bench: Bench) -> None:
    bench.write({b"ann": Count(1, 1)}, bench.mark(0), disk=True)
    bench.stamp(position=1000)
    with pytest.raises(StateMismatch, match="at 1000 of a changelog"):
        bench.recover()


def test_a_mark_beyond_its_source_is_refused(bench: Bench) -> None:
    bench.write({}, bench.mark(5), disk=False)
    with pytest.raises(StateMismatch, match="lost records"):
        bench.recover()


def test_a_source_that_the_mark_does_not_know_begins_at_its_beginning(bench: Bench) -> None:
    bench.write({}, bench.mark(0), disk=False)
    assert bench.recover().guard.next == dict.fromkeys(bench.family.sources, 0)


def test_a_source_that_was_made_again_is_refused(bench: Bench) -> None:
    bench.write({}, bench.mark(0), disk=False)
    bench.ids[bench.family.sources[0]] = "another"
    with pytest.raises(StateMismatch, match=r"views partition 0 is not the topic"):
        bench.recover()


def test_events_that_retention_removed_unread_are_missed(bench: Bench, shop: Shop) -> None:
    shop.send(50)
    bench.write({}, bench.mark(1), disk=False)
    client = KafkaAdminClient(bootstrap_servers=bench.settings.broker)
    client.delete_records({TopicPartition(bench.family.sources[0], 0): 2})
    client.close()
    with pytest.raises(StateMismatch, match=r"begins at 2, but .* has read up to 1: retention"):
        bench.recover()
