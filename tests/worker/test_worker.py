"""The worker process through everything that ends it."""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Callable

import pytest

from streamrec.engine import exits
from streamrec.kafka import topics
from streamrec.settings import Settings
from tests.engine.support import Shop, Worker, exact, lists, marks, records, rows, until

pytestmark = pytest.mark.kafka
Make = Callable[..., Worker]


def test_every_event_counts_once_through_kill_9_and_restart_on_the_same_disk(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    for _ in range(2):
        shop.send(2000)
        until(lambda: len(lists(settings)) > shop.sent / 2, "some answers")
        one.kill()
        one.start()
    exact(settings, shop)
    assert one.ready().stop() == 0


def test_every_event_counts_once_when_the_disk_is_lost(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    shop.send(2000, users=300)
    until(lambda: rows(settings), "some rows")
    one.kill()
    shutil.rmtree(one.folder)
    shop.send(2000, users=300)
    one.start().ready()
    exact(settings, shop)


def test_after_sigterm_nothing_is_read_again(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    shop.send(1000)
    until(lambda: len(lists(settings)) == 1000, "all answers")
    assert one.stop() == 0
    exact(settings, shop)
    one.start().ready()
    shop.send(10)
    exact(settings, shop)
    assert one.stop() == 0
    assert len(lists(settings)) == shop.sent, "an answer was repeated"
    assert one.errors() == []
    found = marks(settings)
    assert {frozenset(mark.next) for mark in found.values()} == {frozenset(settings.topic(name) for name in topics.USER_SOURCES)}
    assert sum(mark.next[settings.topic("views")] for mark in found.values()) == shop.sent
    assert sum(mark.memory["seen"] for mark in found.values()) == shop.sent


def test_items_count_once_across_the_hop_and_their_stats_come_out(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    shop.send(500, item="lamp")
    until(lambda: rows(settings, "item").get(b"lamp", (0, 0))[0] == 500, "500 signals")
    until(lambda: records(settings, "item-stats")[-1].value == b"500", "the last statistics")
    assert one.stop() == 0


def test_a_record_on_which_the_processor_raises_costs_one_dead_letter(settings: Settings, shop: Shop, worker: Make) -> None:
    shop.send(700)
    for number in (1, 2, 1):
        shop.raw("views", b"user-%d" % number, b'{"boom": true}')
        shop.send(300)
    one = worker().start().ready()
    exact(settings, shop)
    letters = records(settings, "dead-letters")
    assert [letter.value for letter in letters] == [b'{"boom": true}'] * 3
    headers = [dict(letter.headers) for letter in letters]
    assert {header["streamrec.errors.reason"] for header in headers} == {b"failed"}
    places = {(header["streamrec.errors.partition"], header["streamrec.errors.offset"]) for header in headers}
    assert len(places) == 3
    assert one.stop() == 0
    assert {line["level"] for line in one.errors()} <= {"warning", "error"}


def test_the_next_record_that_raises_has_no_list_made_again(settings: Settings, shop: Shop, worker: Make) -> None:
    """Checkpoints are far apart here: what the second fault takes back is what was not saved on account of the first."""
    worker(STREAMREC_CHECKPOINT_INTERVAL_S="60").start().ready()
    shop.raw("views", b"user-0", b'{"boom": true}')
    until(lambda: len(records(settings, "dead-letters")) == 1, "the first dead letter")
    for _ in range(5):
        shop.send(1, users=1)
        until(lambda: len(records(settings, "recommendations")) == shop.sent, "its list")
    shop.raw("views", b"user-0", b'{"boom": true}')
    until(lambda: len(records(settings, "dead-letters")) == 2, "the second dead letter")
    shop.send(1, users=1)
    exact(settings, shop)
    assert len(records(settings, "recommendations")) == shop.sent


def test_a_processor_that_raises_all_the_time_ends_the_process(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    for _ in range(250):
        shop.raw("views", b"user-1", b'{"boom": true}')
    assert one.exit_code(60) == exits.FAULT
    assert "boom" in one.errors()[-1]["event"]


def test_a_poison_record_becomes_a_dead_letter_even_when_it_is_large(settings: Settings, shop: Shop, worker: Make) -> None:
    worker().start().ready()
    large = b"\xff" * 1_000_000
    shop.send(10)
    shop.raw("views", b"user-1", large)
    shop.raw("views", b"user-1", b"{")
    shop.send(10)
    exact(settings, shop)
    letters = until(lambda: len(found := records(settings, "dead-letters")) == 2 and found, "dead letters")
    assert sorted((letter.key, letter.value, letter.headers) for letter in letters) == [
        (b"user-1", b"{", [("why", b"not JSON")]),
        (b"user-1", large, [("why", b"not JSON")]),
    ]


def test_a_second_worker_takes_over_from_one_that_sleeps_and_is_then_fenced(settings: Settings, shop: Shop, worker: Make) -> None:
    first, second = worker("a", STREAMREC_CHECKPOINT_INTERVAL_S="600").start(), worker("b").start()
    until(lambda: {first.partitions(), second.partitions()} == {1.0}, "one partition each")
    shop.send(1000)
    until(lambda: len(lists(settings)) == 1000, "answers of events, half of which are not saved")
    first.signal(signal.SIGSTOP)
    shop.send(1000)
    exact(settings, shop)
    first.signal(signal.SIGCONT)
    assert first.exit_code() == exits.FENCED
    shop.send(1000)
    exact(settings, shop)
    assert second.stop() == 0
    assert second.errors() == []


def test_records_that_are_lost_inside_the_worker_are_fetched_again(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker(module="tests.engine.lossy").start().ready()
    for _ in range(8):
        shop.send(100)
    exact(settings, shop)
    _, metrics = one.get("/metrics")
    gaps = next(float(line.split()[1]) for line in metrics.splitlines() if line.startswith("streamrec_gaps_total "))
    assert gaps > 0


def test_a_second_signal_ends_a_worker_that_cannot_stop(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    shop.raw("views", b"user-1", b'{"amount": 1, "sleep": 60}')
    shop.producer.flush()
    until(lambda: "asleep" in one.log.read_text(), "a busy processor")
    one.signal(signal.SIGTERM)
    until(lambda: "stopping" in one.log.read_text(), "the first signal's effect")
    one.signal(signal.SIGTERM)
    assert one.exit_code(10) == 130


def test_a_thread_that_never_ends_keeps_no_worker_that_has_stopped(settings: Settings, shop: Shop, worker: Make) -> None:
    """Faust's own does not end where a worker is told to stop in the tenths of a second in which that thread starts."""
    shop.send(10)
    one = worker(LINGER="1").start().ready()
    exact(settings, shop)
    assert one.stop() == 0


def test_a_worker_waits_for_its_model_before_it_reads_and_says_so(settings: Settings, shop: Shop, worker: Make) -> None:
    gate = settings.data_dir / "gate"
    one = worker(WARM_UNTIL=str(gate)).start()
    shop.send(10)
    status, body = until(lambda: (found := one.health())[0] and not found[1]["reasons"][0].startswith("reading") and found, "a web server")
    assert status == 503
    assert not body["ready"]
    until(lambda: "warming the model" in one.health()[1]["reasons"], "the reason")
    assert lists(settings) == []
    assert one.get("/live")[0] == 200
    assert "streamrec_ready 0.0" in one.get("/metrics")[1].splitlines()
    gate.touch()
    one.ready()
    exact(settings, shop)
    _, metrics = one.get("/metrics")
    for line in (
        'streamrec_events_total{outcome="applied",topic="views"} 10.0',
        'streamrec_model_info{name="count"} 1.0',
        "streamrec_ready 1.0",
        'streamrec_lag_records{topic="views"} 0.0',
        'streamrec_partitions{family="user"} 2.0',
    ):
        assert line in metrics.splitlines()


def test_a_port_in_use_is_told_before_the_group_is_joined(settings: Settings, worker: Make) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        one = worker(STREAMREC_WEB_PORT=str(taken.getsockname()[1])).start()
        assert one.exit_code() == 1
    assert "PortInUse" in one.log.read_text()
    assert "starting" not in one.log.read_text()
