"""What supervisors and Prometheus are told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from streamrec.contract.backlog import Backlog
from streamrec.observe.health import serve_health
from streamrec.observe.metrics import Metrics


class Engine:
    """How far some engine has come."""

    def lag(self) -> Mapping[str, int]:
        return {"shop.views": 7}

    def queued(self) -> int:
        return 3

    def backlog(self) -> Backlog:
        return Backlog(waiting=2)


def ask(reasons: list[str]) -> dict[str, tuple[int, str]]:
    """Status and body of each page."""

    async def run() -> dict[str, tuple[int, str]]:
        app = web.Application()
        serve_health(app, Metrics("shop."), lambda: reasons, Engine())
        async with TestClient(TestServer(app)) as client:
            answers = {path: await client.get(path) for path in ("/live", "/ready", "/metrics")}
            return {path: (answer.status, await answer.text()) for path, answer in answers.items()}

    return asyncio.run(run())


def test_a_worker_that_serves_is_ready() -> None:
    answers = ask([])
    assert answers["/live"] == (200, '{"live": true}')
    assert answers["/ready"] == (200, '{"ready": true, "reasons": []}')
    assert "streamrec_ready 1.0" in answers["/metrics"][1]


def test_one_that_does_not_lives_and_says_why() -> None:
    answers = ask(["warming the model"])
    assert answers["/live"][0] == 200
    assert answers["/ready"] == (503, '{"ready": false, "reasons": ["warming the model"]}')
    assert "streamrec_ready 0.0" in answers["/metrics"][1]


def test_the_metrics_are_as_of_when_they_are_read() -> None:
    text = ask([])["/metrics"][1]
    for line in ('streamrec_lag_records{topic="views"} 7.0', "streamrec_queue_records 3.0", "streamrec_waiting_users 2.0"):
        assert line in text
