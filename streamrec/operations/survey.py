"""The state as it is: changelogs, marks, sources and local disks, looked at without changing any."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streamrec.contract.memory import Memory
from streamrec.contract.records import Unreadable
from streamrec.engine.store.mark import MARK, Mark, Stamp, decode_mark, is_garbage
from streamrec.engine.store.shelf import rows_on_disk, stamp_on_disk
from streamrec.errors import GroupNotEmpty, InputError, StateMismatch, TopicMismatch
from streamrec.kafka import topics
from streamrec.kafka.admin import admin
from streamrec.kafka.reading import PATIENCE_S, reader, records_between
from streamrec.kafka.untrusted import DAMAGED
from streamrec.settings import Settings
from streamrec.system.clock import now_ms

log = structlog.get_logger(__name__)

PAUSE_S = 0.2
"""Between two questions about a group; Kafka forgets a dead member after its session, some seconds."""
TAIL = 1_000
"""So far from the end the newest mark is looked for at first: every checkpoint ends with one. Ten times as far each time after that."""

Limits = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Side:
    """A state family: the full names of its topics, and how to forget what it remembers of a topic that was made again.

    `in_row` and `in_memory` take a packed row, or the memory of a mark, and limits, as in `streamrec.state.fences`. `unpack` raises
    StateMismatch on a row that cannot be read. `lost` says, by key, what is lost with a row that is not one of a user or an item.
    """

    name: str
    sources: tuple[str, ...]
    changelog: str
    memory: type[Memory] = Memory
    in_row: Callable[[bytes, Limits], bytes | None] | None = None
    in_memory: Callable[[dict[str, Any], Limits], dict[str, Any]] | None = None
    unpack: Callable[[bytes], object] | None = None
    lost: Mapping[bytes, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Extent:
    """The offsets and the id of a topic's partition as it is now; `end` is behind the last committed record."""

    first: int
    end: int
    topic_id: str | None


@dataclass(frozen=True, slots=True)
class View:
    """One partition as it is: `mark` is the newest in the changelog, `stamp` the disk's, `read` whether the group has ever committed.

    A disk is `stale` where tombstones may be gone that it has not seen: recovery builds it anew. `newest_mark_garbage` says that a mark
    behind `mark` cannot be read. `garbage` has, by key, what is wrong with rows that cannot be read. `unreadable` is the offset of the
    changelog's last record of which not even the key can be read. `damaged` has, by source, the offset behind a next batch that the
    broker's disk has damaged.
    """

    side: Side
    number: int
    folder: Path
    changelog: Extent
    sources: Mapping[str, Extent]
    mark: Mark | None
    stamp: Stamp | None
    stale: bool
    read: bool
    newest_mark_garbage: bool = False
    garbage: Mapping[bytes, str] = field(default_factory=dict)
    unreadable: int | None = None
    damaged: Mapping[str, int] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """For messages, as the worker has it."""
        return f"{self.side.name}/{self.number}"

    @property
    def foreign(self) -> bool:
        """Whether the disk is ahead of the changelog, or of another one."""
        return self.stamp is not None and (self.stamp.changelog != self.changelog.topic_id or self.stamp.position > self.changelog.end)

    @property
    def usable(self) -> bool:
        """Whether recovery takes the disk as it is and reads the changelog from there."""
        return self.stamp is not None and not self.foreign and not self.stale and self.stamp.position >= self.changelog.first


def require_no_workers(settings: Settings) -> None:
    """Wait until the group has no members, for as long as it remembers one that was killed.

    Raises:
        GroupNotEmpty: it still has some.
    """
    # The group forgets a killed worker when its session ends, and may have heard from it just now.
    deadline = time.monotonic() + 1.5 * settings.session_timeout_s
    with admin(settings) as client:
        while members := _patiently(client.describe_groups, [settings.app_id])[settings.app_id]["members"]:
            names = sorted(f"{each['group_instance_id'] or each['member_id']} at {each['client_host'].lstrip('/')}" for each in members)
            if time.monotonic() > deadline:
                raise GroupNotEmpty(
                    f"the group {settings.app_id} has members ({', '.join(names)}): stop all workers, and what starts them again"
                )
            log.info("waiting for the members of the group to leave", members=names)
            time.sleep(PAUSE_S * 5)


def survey(settings: Settings, sides: Iterable[Side]) -> list[View]:
    """Look at every partition of these families.

    Raises:
        TopicMismatch: a topic is missing or otherwise than needed.
        StateMismatch: a mark was written by a later version.
        Stalled: a changelog cannot be read.
    """
    reports = {report.topic: report for report in topics.describe(settings)}
    topics.require(list(reports.values()))
    sides = tuple(sides)
    needed = {topic for side in sides for topic in (side.changelog, *side.sources)}
    if missing := sorted(topic for topic in needed if reports[topic].state == "missing"):
        raise TopicMismatch(f"{', '.join(missing)}: missing; run `streamrec topics create` and then this again")
    with admin(settings) as client:
        committed = _patiently(client.list_group_offsets, settings.app_id)[settings.app_id]
    with reader(settings) as consumer:
        places = [TopicPartition(topic, number) for topic in needed for number in range(settings.partitions)]
        first, end = consumer.beginning_offsets(places), consumer.end_offsets(places)
        extents = {place: Extent(first[place], end[place], reports[place.topic].topic_id) for place in places}

        def look(side: Side, number: int) -> View:
            place = TopicPartition(side.changelog, number)
            sources = {topic: TopicPartition(topic, number) for topic in side.sources}
            folder = settings.data_dir / side.name / str(number)
            stamp = _stamp(folder)
            kept_ms = int(reports[side.changelog].config.get("delete.retention.ms", topics.DAY_MS))
            mark, garbage_mark = _newest_mark(consumer, place, extents[place], side.memory)
            view = View(
                side,
                number,
                folder,
                extents[place],
                {topic: extents[source] for topic, source in sources.items()},
                mark,
                stamp,
                stamp is not None and now_ms() - stamp.saved_ms > kept_ms,
                any(committed[source].offset > 0 for source in sources.values() if source in committed),
                garbage_mark,
            )
            nexts = {topic: mark.next[topic] for topic in sources if topic in mark.next} if mark else {}
            behind = {topic: _damaged(consumer, sources[topic], extents[sources[topic]], at) for topic, at in nexts.items()}
            damaged = {topic: offset for topic, offset in behind.items() if offset is not None}
            rows, unreadable = _rows(settings, view)
            return replace(view, garbage=_garbage(side, rows), unreadable=unreadable, damaged=damaged)

        return [look(side, number) for side in sides for number in range(settings.partitions)]


def rows_of(settings: Settings, view: View) -> dict[bytes, bytes]:
    """The packed rows of a partition as recovery would build them: those of a usable disk, and the changelog from there on."""
    return _rows(settings, view)[0]


def _rows(settings: Settings, view: View) -> tuple[dict[bytes, bytes], int | None]:
    """The rows, and the offset of the last record that cannot be read."""
    rows, unreadable = rows_on_disk(view.folder) if view.usable else {}, None
    begin = view.stamp.position if view.usable and view.stamp else view.changelog.first
    with reader(settings) as consumer:
        for record in records_between(consumer, TopicPartition(view.side.changelog, view.number), begin, view.changelog.end):
            if isinstance(record.value, Unreadable):
                unreadable = record.offset
            elif record.key is None or record.key.startswith(b"\0"):
                continue
            elif record.value is None:
                rows.pop(record.key, None)
            else:
                rows[record.key] = record.value
    return rows, unreadable


def _newest_mark(consumer: KafkaConsumer, place: TopicPartition, extent: Extent, memory: type[Memory]) -> tuple[Mark | None, bool]:
    """The newest mark that can be read, and whether there is one behind it that cannot."""
    size, end, garbage = TAIL, extent.end, False
    while end > extent.first:
        begin = max(extent.first, extent.end - size)
        for raw in reversed([record.value for record in records_between(consumer, place, begin, end) if record.key == MARK]):
            if not is_garbage(raw, memory):
                return decode_mark(raw), garbage
            garbage = True
        size, end = 10 * size, begin
    return None, garbage


def _garbage(side: Side, rows: Mapping[bytes, bytes]) -> dict[bytes, str]:
    """Rows that cannot be read, and why."""
    if side.unpack is None:
        return {}
    reasons = {}
    for key, raw in rows.items():
        try:
            side.unpack(raw)
        except StateMismatch as exc:
            reasons[key] = str(exc)
    return reasons


def _damaged(consumer: KafkaConsumer, place: TopicPartition, extent: Extent, position: int) -> int | None:
    """The offset behind the batch at a position, if that batch is damaged."""
    if not extent.first <= position < extent.end:
        return None
    consumer.assign([place])
    consumer.seek(place, position)
    deadline = time.monotonic() + PATIENCE_S
    while consumer.position(place) == position and time.monotonic() < deadline:
        for record in consumer.poll(timeout_ms=200, max_records=1).get(place, ()):
            return record.offset + 1 if isinstance(record.value, Unreadable) and DAMAGED in record.value.decode() else None
    return None


def _stamp(folder: Path) -> Stamp | None:
    if not folder.is_dir():
        return None
    try:
        return stamp_on_disk(folder)
    except InputError as exc:
        log.warning("a disk cannot be opened; the worker builds it anew", folder=str(folder), reason=str(exc.__cause__))
        return None


def _patiently(ask: Callable[..., Any], *args: Sequence[str] | str) -> Any:
    """Ask until there is an answer: on a broker that has never had a group, the first question finds no coordinator."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ask(*args)
        except KafkaError as exc:
            if not exc.retriable or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_S)
