"""What the engine makes of partitions that the group gives it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest
from faust.types.tuples import TP

from streamrec.errors import StateMismatch
from streamrec.settings import Settings
from streamrec.stream.core import Core
from streamrec.stream.engine import Engine
from streamrec.stream.opening import Opener
from streamrec.stream.outbox import Outbox
from streamrec.stream.partition import Family, Tools
from streamrec.web.metrics import Metrics
from tests.stream.test_rounds import Adding


@pytest.mark.parametrize(
    ("found", "said"),
    [(None, "start those of one version"), (StateMismatch("p.danmaku was deleted"), "p.danmaku was deleted")],
    ids=["another version", "a deleted topic"],
)
def test_numbers_that_are_torn_apart_end_the_worker_with_their_cause(tmp_path: Path, found: Exception | None, said: str) -> None:
    async def confirm() -> None:
        if found is not None:
            raise found

    async def run() -> None:
        core = Core()
        tools = Tools(core, cast(Outbox, None), Metrics(""), 100, "dead", confirm)
        families = [Family("user", ("p.views", "p.danmaku"), "p.user-changelog", Adding())]
        engine = Engine(Settings(data_dir=tmp_path), families, tools, cast(Opener, None), {})
        engine.assign(frozenset({TP("p.views", 0), TP("p.views", 1), TP("p.danmaku", 1)}), 1)
        with pytest.raises(StateMismatch, match=said):
            await engine.failure
        core.stop()

    asyncio.run(run())
