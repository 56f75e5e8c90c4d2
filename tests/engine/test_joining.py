"""Whether a worker that starts has others beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from streamrec.engine.joining import others_serve
from streamrec.settings import Settings
from tests.engine.support import Worker, until

pytestmark = pytest.mark.kafka


def test_others_serve_when_the_group_has_members_and_not_when_it_is_our_own(settings: Settings, worker: Callable[..., Worker]) -> None:
    assert not others_serve(settings, "us")
    worker("a").start()
    until(lambda: others_serve(settings, "us"), "the first worker to join")
    assert not others_serve(settings, f"{settings.app_id}-a")


def test_where_nobody_answers_nobody_is_known_to_serve(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"broker": "127.0.0.1:1", "broker_patience_s": 0.1})
    assert not others_serve(nowhere, "us")


def test_a_worker_that_is_not_warm_leaves_the_others_their_partitions(
    settings: Settings, worker: Callable[..., Worker], tmp_path: Path
) -> None:
    gate = tmp_path / "warm"
    first = worker("a").start().ready()
    second = worker("b", WARM_UNTIL=str(gate)).start()
    until(lambda: second.health() == (503, {"ready": False, "reasons": ["warming the model"]}), "the second worker to wait")
    third = worker("c", WARM_UNTIL=str(tmp_path / "never")).start()
    until(lambda: third.health()[0] == 503, "the third worker to wait")
    assert third.stop() == 0
    assert (first.partitions(), second.partitions()) == (settings.partitions, 0)
    gate.touch()
    until(lambda: second.partitions() and second.health()[0] == 200, "the second worker to serve")
    until(lambda: first.partitions() + second.partitions() == settings.partitions, "each partition to have one worker")
    assert not first.errors() + second.errors() + third.errors()
