"""Whether a worker that starts has others beside it."""

from __future__ import annotations

from collections.abc import Callable

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
