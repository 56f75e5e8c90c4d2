"""Repair on real Kafka: a worker that refuses its state serves again, and counts every new event once."""

from __future__ import annotations

import asyncio
import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from streamrec.engine import exits
from streamrec.engine.store.changelog import Changelog
from streamrec.engine.store.disk import Disk
from streamrec.engine.store.mark import MARK, Mark, Stamp, encode
from streamrec.errors import GroupNotEmpty, StateMismatch
from streamrec.events.partitioner import partition_of
from streamrec.kafka import topics
from streamrec.kafka.reading import reader
from streamrec.operations import repair
from streamrec.operations.diagnosis import diagnose
from streamrec.operations.plan import Plan, Problem
from streamrec.operations.repair import mend
from streamrec.operations.survey import Side, require_no_workers, survey
from streamrec.settings import Settings
from tests.engine.counting import Counted
from tests.engine.support import Shop, Worker, applied, exact, lists, marks, rows, until
from tests.kafka.raw import Raw, send

pytestmark = pytest.mark.kafka
Make = Callable[..., Worker]


class Doctor:
    """Repairs the state of one worker, whose rows have no fences."""

    def __init__(self, settings: Settings, worker: Worker) -> None:
        self.settings = settings.model_copy(update={"data_dir": worker.folder})
        self.worker = worker

        def full(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(map(settings.topic, names))

        self.sides = (
            Side("user", full(topics.USER_SOURCES), settings.topic("user-changelog")),
            Side("item", full(topics.ITEM_SOURCES), settings.topic("item-changelog")),
        )

    def look(self, **options: Any) -> list[Plan]:
        return diagnose(survey(self.settings, self.sides), self.settings.prefix, **options)

    def refused(self) -> None:
        """The worker ends, saying what to do."""
        assert self.worker.start().exit_code() == exits.STATE
        assert "streamrec state repair" in self.worker.errors()[-1]["event"]

    def repair(self, **options: Any) -> list[Problem]:
        """Mend everything, find nothing else, and start the worker."""
        plans = asyncio.run(mend(self.settings, self.look(**options), lambda: self.look(**options)))
        assert [problem for plan in self.look(**options) for problem in plan.problems] == []
        self.worker.start().ready()
        return [problem for plan in plans for problem in plan.problems]

    def make_again(self, name: str) -> None:
        """Delete a topic and make it anew."""
        full = self.settings.topic(name)
        client = KafkaAdminClient(bootstrap_servers=self.settings.broker)
        client.delete_topics([full])
        client.close()
        until(lambda: {one.state for one in topics.describe(self.settings) if one.topic == full} == {"missing"}, "a topic that is gone")
        topics.create(self.settings)

    def stamps(self, **changes: Any) -> None:
        """Change the stamps of all disks of users."""
        for number in range(self.settings.partitions):
            disk = Disk(self.worker.folder / "user" / str(number))
            assert disk.stamp is not None
            values = {name: getattr(disk.stamp, name) for name in disk.stamp.__struct_fields__}
            disk.write([], Stamp(**(values | changes)))
            disk.close()

    def ends(self) -> dict[TopicPartition, int]:
        """How far all topics that matter go."""
        with reader(self.settings) as consumer:
            names = [topic for side in self.sides for topic in (side.changelog, *side.sources)]
            return dict(
                consumer.end_offsets([TopicPartition(name, number) for name in names for number in range(self.settings.partitions)])
            )


@pytest.fixture
def doctor(settings: Settings, shop: Shop, worker: Make) -> Doctor:
    """For a worker that has counted some events and was stopped."""
    one = worker().start().ready()
    shop.send(500)
    until(lambda: applied(settings, shop), "all events")
    assert one.stop() == 0
    return Doctor(settings, one)


def test_nothing_is_wrong_with_a_worker_that_was_stopped_or_never_started(settings: Settings, doctor: Doctor, worker: Make) -> None:
    assert [plan.problems for plan in doctor.look()] == [()] * 4
    assert [plan.problems for plan in Doctor(settings, worker("elsewhere")).look()] == [()] * 4
    new = settings.model_copy(update={"app_id": "new", "prefix": f"{settings.prefix}new."})
    topics.create(new)
    assert [plan.problems for plan in Doctor(new, worker("new")).look()] == [()] * 4


@pytest.mark.parametrize("change", [{"position": 10**6}, {"changelog": "another"}], ids=["ahead", "of another changelog"])
def test_a_disk_that_does_not_belong_to_its_changelog_is_built_anew(
    settings: Settings, shop: Shop, doctor: Doctor, change: dict[str, Any]
) -> None:
    doctor.stamps(**change)
    shop.send(100)
    doctor.refused()
    assert [(problem.partition, problem.kind) for problem in doctor.repair()] == [("user/0", "disk"), ("user/1", "disk")]
    shop.send(100)
    exact(settings, shop)


def test_a_changelog_made_again_gets_all_rows_back_from_the_disk(
    settings: Settings, shop: Shop, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(settings)
    doctor.make_again("user-changelog")
    shop.send(100)
    doctor.refused()
    monkeypatch.setattr(repair, "ROWS", 7)
    assert {(problem.kind, problem.gives_up) for problem in doctor.repair()} == {("changelog", "nothing")}
    assert rows(settings).keys() == before.keys()
    shop.send(100)
    exact(settings, shop)


def test_killed_half_way_a_second_repair_finishes(settings: Settings, shop: Shop, doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    doctor.make_again("user-changelog")
    monkeypatch.setattr(repair, "ROWS", 7)
    commit, done = Changelog.commit, []

    async def dying(self: Changelog, *args: Any) -> int:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(await commit(self, *args))
        return done[-1]

    monkeypatch.setattr(Changelog, "commit", dying)
    with pytest.raises(KeyboardInterrupt):
        doctor.repair()
    monkeypatch.setattr(Changelog, "commit", commit)
    assert 0 < len(rows(settings)) < 50
    doctor.refused()
    doctor.repair()
    shop.send(100)
    exact(settings, shop)


def test_a_source_made_again_is_read_from_its_beginning(settings: Settings, shop: Shop, doctor: Doctor) -> None:
    doctor.make_again("views")
    shop.open()
    shop.send(100)
    doctor.refused()
    problems = doctor.repair()
    assert {(problem.kind, problem.topic) for problem in problems} == {("source", settings.topic("views"))}
    shop.send(100)
    until(lambda: applied(settings, shop), "all events")
    assert rows(settings) == {user: (shop.events[user], shop.totals[user]) for user in shop.events}


def test_a_source_made_again_is_read_from_its_end_when_that_is_wanted(settings: Settings, shop: Shop, doctor: Doctor) -> None:
    doctor.make_again("views")
    shop.open()
    kept = shop.events.copy()
    shop.send(100)
    doctor.repair(start="end")
    shop.events, shop.sent = kept, shop.sent - 100
    shop.send(100)
    until(lambda: applied(settings, shop), "the events after the repair")
    assert {user: events for user, (events, _) in rows(settings).items()} == shop.events


def test_events_that_retention_removed_are_given_up_by_number(settings: Settings, shop: Shop, doctor: Doctor) -> None:
    views = settings.topic("views")
    ends = {number: mark.next[views] for number, mark in marks(settings).items()}
    shop.send(200)
    client = KafkaAdminClient(bootstrap_servers=settings.broker)
    client.delete_records({TopicPartition(views, number): end + 10 * (number + 1) for number, end in ends.items()})
    client.close()
    doctor.refused()
    problems = doctor.repair()
    assert [(problem.partition, problem.kind, problem.records) for problem in problems] == [
        ("user/0", "retention", 10),
        ("user/1", "retention", 20),
    ]
    shop.send(100)
    shop.sent -= 30
    until(lambda: applied(settings, shop), "all events but those")
    assert sum(events for events, _ in rows(settings).values()) == shop.sent


def test_without_changelog_and_disk_all_that_the_sources_keep_is_counted_again(settings: Settings, shop: Shop, doctor: Doctor) -> None:
    doctor.make_again("user-changelog")
    shutil.rmtree(doctor.worker.folder / "user")
    doctor.refused()
    left = doctor.look(leave_empty=True)
    assert [plan.left for plan in left if plan.problems] == [True, True]
    assert {problem.kind for problem in doctor.repair()} == {"beginning"}
    shop.send(100)
    exact(settings, shop)


def test_looking_changes_nothing(settings: Settings, doctor: Doctor) -> None:
    doctor.stamps(changelog="another")
    doctor.make_again("views")
    before, disks = doctor.ends(), [Disk(folder).stamp for folder in sorted((doctor.worker.folder / "user").iterdir())]
    assert len({problem.kind for plan in doctor.look() for problem in plan.problems}) == 2
    assert doctor.ends() == before
    assert [Disk(folder).stamp for folder in sorted((doctor.worker.folder / "user").iterdir())] == disks


def test_what_was_not_agreed_to_is_not_done(settings: Settings, doctor: Doctor) -> None:
    agreed = doctor.look()
    doctor.make_again("views")
    before = doctor.ends()
    with pytest.raises(StateMismatch, match="since you agreed"):
        asyncio.run(mend(doctor.settings, agreed, doctor.look))
    assert doctor.ends() == before


def test_a_live_worker_is_named_and_a_killed_one_waited_for(settings: Settings, worker: Make) -> None:
    impatient = settings.model_copy(update={"session_timeout_s": 0.5})
    require_no_workers(impatient)
    one = worker().start().ready()
    with pytest.raises(GroupNotEmpty, match=rf"{settings.app_id}-a at 127\.0\.0\.1"):
        require_no_workers(impatient)
    one.kill()
    require_no_workers(settings)


def test_a_source_that_lost_its_last_records_is_read_from_its_new_end(settings: Settings, shop: Shop, doctor: Doctor) -> None:
    views = settings.topic("views")

    async def pretend(number: int, mark: Mark) -> None:
        log = Changelog(settings, "user", settings.topic("user-changelog"), number)
        await log.open()
        await log.commit([], encode(msgspec.structs.replace(mark, next=mark.next | {views: 1000})))
        await log.close()

    for number, mark in marks(settings).items():
        asyncio.run(pretend(number, mark))
    doctor.refused()
    assert {(problem.kind, problem.topic) for problem in doctor.repair()} == {("source", views)}
    shop.send(100)
    exact(settings, shop)


def test_rows_and_marks_that_somebody_else_wrote_are_named_and_stepped_over(settings: Settings, shop: Shop, doctor: Doctor) -> None:
    """A row of garbage stops the worker when its user comes, a mark of garbage at once."""
    user, item = doctor.sides
    doctor.sides = (replace(user, unpack=unpacked, memory=Counted), item)
    lost = b"user-7"
    send(settings, "user-changelog", [Raw(lost, b"\xc1 no row")], partition=partition_of(lost, settings.partitions))
    strange = msgspec.structs.replace(marks(settings)[0], memory={"waiting": {"user-1": "soon"}})
    send(settings, "user-changelog", [Raw(MARK, encode(strange))], partition=0)
    send(settings, "user-changelog", [Raw(MARK, b"\xc1 no mark")], partition=1)
    doctor.refused()
    found = {(problem.kind, problem.partition): problem for problem in doctor.repair()}
    assert found.keys() == {("row", f"user/{partition_of(lost, settings.partitions)}"), ("mark", "user/0"), ("mark", "user/1")}
    assert any("what was known of user-7" in problem.gives_up for problem in found.values())
    del shop.events[lost], shop.totals[lost]
    shop.send(100)
    until(lambda: sum(events for events, _ in rows(settings).values()) >= sum(shop.events.values()), "all events in the changelog")
    assert {key: events for key, (events, _) in rows(settings).items()} == shop.events


def test_a_changelog_that_lost_its_beginning_is_refused_without_its_disk(settings: Settings, shop: Shop, doctor: Doctor) -> None:
    ends = doctor.ends()
    logs = {place: end for place, end in ends.items() if place.topic == settings.topic("user-changelog")}
    before = {number: {key for key in rows(settings) if partition_of(key, settings.partitions) == number} for number in (0, 1)}
    client = KafkaAdminClient(bootstrap_servers=settings.broker)
    for policy in ("delete", "compact"):
        resource = ConfigResource(ConfigResourceType.TOPIC, settings.topic("user-changelog"), {"cleanup.policy": policy})
        client.alter_configs([resource])
        if policy == "delete":  # Kafka deletes no records of a topic that is only compacted
            client.delete_records({place: end - 2 for place, end in logs.items()})
    client.close()
    one = doctor.worker.start().ready()
    shop.send(100)
    until(lambda: len(lists(settings)) >= shop.sent, "answers of a worker that has its disk")
    assert one.stop() == 0
    shutil.rmtree(doctor.worker.folder / "user" / "0")
    doctor.refused()
    assert [(problem.kind, problem.partition) for problem in doctor.repair()] == [("truncated", "user/0")]
    assert {key for key in rows(settings) if partition_of(key, settings.partitions) == 1} <= before[1]
    shop.send(100)
    until(lambda: len(lists(settings)) >= shop.sent, "answers after the repair")
    assert doctor.worker.stop() == 0
    shutil.rmtree(doctor.worker.folder / "user" / "0")
    doctor.worker.start().ready()


@pytest.mark.parametrize("family", ["user", "item"])
def test_records_of_a_changelog_that_cannot_be_read_are_stepped_over(settings: Settings, shop: Shop, doctor: Doctor, family: str) -> None:
    """A worker that runs does not read them; one without a disk does not know what they held."""
    one = doctor.worker.start().ready()
    send(settings, f"{family}-changelog", [Raw(MARK, bytes(20 << 20))], codec="gzip", partition=0)
    shop.send(100)
    until(lambda: applied(settings, shop), "events of a worker that has its disk")
    assert one.stop() == 0
    shutil.rmtree(doctor.worker.folder / family / "0")
    doctor.refused()
    assert [(problem.kind, problem.partition) for problem in doctor.repair()] == [("unreadable", f"{family}/0")]
    shop.send(100)
    exact(settings, shop)
    assert doctor.worker.stop() == 0
    shutil.rmtree(doctor.worker.folder / family / "0")
    doctor.worker.start().ready()


def unpacked(raw: bytes) -> None:
    """As the families' own functions do."""
    try:
        struct.unpack("<Bqq", raw)
    except struct.error as exc:
        raise StateMismatch(f"a row cannot be read ({exc})") from exc
