"""A topic that is deleted and made again, or gets other partitions, under a running worker."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from kafka import KafkaAdminClient

from streamrec.engine import exits, identity
from streamrec.engine.identity import TopicIdentity
from streamrec.engine.store.folder import last_fault
from streamrec.errors import StateMismatch, TopicMismatch
from streamrec.kafka import topics
from streamrec.operations.survey import require_no_workers
from streamrec.settings import Settings
from tests.engine.support import Shop, Worker, applied, exact, lists, until
from tests.operations.test_repair import Doctor

Make = Callable[..., Worker]


@pytest.mark.kafka
def test_events_of_a_topic_made_again_are_counted_once_and_only_after_a_repair(settings: Settings, shop: Shop, worker: Make) -> None:
    """The new topic soon has events at the position in the old one: fetched by name, they would be taken for the next ones."""
    one = worker().start().ready()
    shop.send(300)
    until(lambda: applied(settings, shop), "the events of the old topic")
    doctor = Doctor(settings, one)
    doctor.make_again("views")
    shop.send(900)
    if one.exit_code() == exits.KAFKA:  # a broker that is deleting the topic may answer a fetch with an error that it calls unknown
        one.start()
    assert one.exit_code() == exits.STATE
    assert re.search("was deleted|was made again", one.errors()[-1]["event"])
    told = last_fault(one.folder)
    assert told is not None
    assert (told.code, told.message) == (exits.STATE, one.errors()[-1]["event"]), "for streamrec doctor"
    require_no_workers(settings)  # until then the group may remember that the topic was not there, and has no partitions to give
    assert {(problem.kind, problem.topic) for problem in doctor.repair()} == {("source", settings.topic("views"))}
    exact_rows(settings, shop)
    assert one.stop() == 0


@pytest.mark.kafka
def test_a_broadcast_topic_made_again_is_read_anew_at_the_next_start(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    Doctor(settings, one).make_again("items")
    assert one.exit_code() == exits.STATE
    assert "start the worker again" in one.errors()[-1]["event"]
    one.start().ready()
    shop.send(10)
    exact(settings, shop)
    assert one.stop() == 0


@pytest.mark.kafka
def test_a_topic_of_outputs_made_again_is_used_as_it_is(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    Doctor(settings, one).make_again("recommendations")
    shop.send(50)
    until(lambda: len(lists(settings)) == 50, "answers in the new topic")
    assert one.stop() == 0


@pytest.mark.kafka
def test_partitions_that_are_added_are_noticed_at_once_and_told_right(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    shop.send(100)
    until(lambda: applied(settings, shop), "the events")
    client = KafkaAdminClient(bootstrap_servers=settings.broker)
    client.create_partitions({settings.topic("views"): 3})
    client.close()
    assert one.exit_code() == exits.STATE
    assert "has 3 partitions now, it had 2" in one.errors()[-1]["event"]
    with pytest.raises(TopicMismatch, match=r"3 partitions instead of 2; Kafka takes no partitions away.*delete the topic"):
        topics.create(settings)


def exact_rows(settings: Settings, shop: Shop) -> None:
    """As `exact`, but for the lists: those that left before the worker knew have places that occur again."""
    from tests.engine.support import rows

    until(lambda: applied(settings, shop), "all events")
    assert {user: events for user, (events, _) in rows(settings).items()} == shop.events
    assert {user: total for user, (_, total) in rows(settings).items()} == shop.totals


REPORTS = [
    topics.Report("views", "p.views", "user_id", 2, "delete", topic_id="a"),
    topics.Report("items", "p.items", "item_id", 1, "compact", topic_id="b"),
    topics.Report("replies", "p.replies", "room_id", 2, "delete", topic_id="c"),
]


def seen(**changes: Any) -> dict[str, Any]:
    """What a broker tells of the topics."""
    found = {report.topic: {"topic_id": report.topic_id, "partitions": [0] * report.partitions} for report in REPORTS}
    return {name: value for name, value in {**found, **changes}.items() if value is not None}


def looking() -> TopicIdentity:
    return TopicIdentity(Settings(), [*REPORTS, replace(REPORTS[0], topic="p.gone", state="missing")], {"p.views"}, {"p.items"})


def test_unchanged_topics_are_confirmed() -> None:
    assert looking()._judge(seen()) is True


@pytest.mark.parametrize(
    ("topic", "error", "advice"),
    [("p.views", StateMismatch, "state repair"), ("p.items", StateMismatch, "start the worker again")],
)
def test_another_id_is_a_fault_where_something_rests_on_the_topic(topic: str, error: type[Exception], advice: str) -> None:
    with pytest.raises(error, match=advice):
        looking()._judge(seen(**{topic: {"topic_id": "x", "partitions": [0, 0]}}))


def test_another_id_of_an_output_is_taken_over() -> None:
    watch = looking()
    assert watch._judge(seen(**{"p.replies": {"topic_id": "x", "partitions": [0, 0]}})) is True
    assert watch._known["p.replies"] == ("x", 2)


def test_other_partitions_are_a_fault_everywhere() -> None:
    for report in REPORTS:
        with pytest.raises(TopicMismatch, match="partitions now"):
            looking()._judge(seen(**{report.topic: {"topic_id": report.topic_id, "partitions": [0] * 7}}))


def test_a_topic_that_a_broker_does_not_know_yet_confirms_nothing_and_is_a_fault_only_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, gone = looking(), {"p.views": None}
    assert watch._judge(seen(**gone)) is False
    assert watch._judge(seen()) is True
    assert watch._judge(seen(**gone)) is False
    monkeypatch.setattr(identity, "MISSING_S", 0.0)
    with pytest.raises(StateMismatch, match=r"p\.views was deleted"):
        watch._judge(seen(**gone))


def test_a_checkpoint_waits_for_a_look_that_began_after_it_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "PAUSE_S", 0.0)

    async def run() -> None:
        watch, looks, gate = looking(), list[int](), asyncio.Event()
        loop = asyncio.get_running_loop()

        def look() -> bool:
            looks.append(len(looks))
            asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()
            return True

        monkeypatch.setattr(watch, "_look", look)
        running = asyncio.create_task(watch.run())
        first = asyncio.create_task(watch.confirm())
        while not looks:  # noqa: ASYNC110 - what is waited for happens on another thread
            await asyncio.sleep(0)
        second = asyncio.create_task(watch.confirm())
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, second)
        assert len(looks) >= 2, "the look that was under way said nothing of what came after its beginning"
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(run())
