"""The worker process under everything that ends it."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable

import pytest

from streamrec.settings import Settings
from tests.stream.support import Shop, Worker, exact, lists, marks, rows, until

pytestmark = pytest.mark.kafka
Make = Callable[..., Worker]


def test_every_event_counts_once_through_kill_9_and_restart_on_the_same_disk(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    for _ in range(3):
        shop.send(2000)
        until(lambda: len(lists(settings)) > shop.sent / 2, "some answers")
        one.kill()
        one.start()
    exact(settings, shop)
    assert one.stop() == 0


def test_every_event_counts_once_when_the_disk_is_lost(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    for _ in range(2):
        shop.send(2000, users=300)
        until(lambda: sum(events for events, _ in rows(settings).values()) > shop.sent - 2000, "some rows")
        one.kill()
        shutil.rmtree(one.folder)
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
    _ = marks, signal
