"""The learner's pages."""

from __future__ import annotations

import asyncio

import pytest

from streamrec.engine.server import listen
from streamrec.learning.metrics import LearnerMetrics, pages
from streamrec.web.client import get


async def ask(host: str, web_host: str = "127.0.0.1") -> dict[str, int]:
    """The status of every page for a request that names this host."""
    found = {}
    with listen(web_host, 0) as listening:
        async with pages(LearnerMetrics(), listening, web_host):
            for path in ("/live", "/ready", "/metrics", "/other"):
                reader, writer = await asyncio.open_connection("127.0.0.1", listening.getsockname()[1])
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                found[path] = int((await reader.read()).split()[1])
                writer.close()
    return found


def test_health_and_metrics_are_told_to_this_machine() -> None:
    assert asyncio.run(ask("localhost:6067")) == {"/live": 200, "/ready": 503, "/metrics": 200, "/other": 404}


def test_a_page_whose_name_was_rebound_is_told_nothing() -> None:
    assert set(asyncio.run(ask("evil.example")).values()) == {403}


def test_prometheus_asks_under_any_name_where_others_reach_the_port() -> None:
    assert asyncio.run(ask("learner:6067", "0.0.0.0"))["/metrics"] == 200  # noqa: S104


@pytest.mark.parametrize("name", ["streamrec_learner_ready", "streamrec_learner_slates"])
def test_metrics_are_there_before_anything_was_learned(name: str) -> None:
    async def exposition() -> bytes:
        with listen("127.0.0.1", 0) as listening:
            port = listening.getsockname()[1]
            async with pages(LearnerMetrics(), listening, "127.0.0.1"):
                return (await asyncio.to_thread(get, f"http://127.0.0.1:{port}/metrics")).body

    assert name in asyncio.run(exposition()).decode()
