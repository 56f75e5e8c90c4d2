"""What supervisors and Prometheus ask: whether the worker lives, whether it serves or why not, and its metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from streamrec.contract.backlog import Backlog
from streamrec.observe.metrics import Metrics

Reasons = Callable[[], list[str]]
"""Why the worker is not ready; empty when it is."""


class Progress(Protocol):
    """Tells how far the engine has come."""

    def lag(self) -> Mapping[str, int]:
        """Records that wait to be read, by topic."""
        ...

    def queued(self) -> int:
        """Records that were fetched and wait for their turn."""
        ...

    def backlog(self) -> Backlog:
        """Users and events that wait."""
        ...


def serve_health(app: web.Application, metrics: Metrics, reasons: Reasons, progress: Progress) -> None:
    """Add `/live`, `/ready` (503 with reasons until the worker serves) and `/metrics` to the worker's web server."""

    async def live(request: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def ready(request: web.Request) -> web.Response:
        why = reasons()
        return web.json_response({"ready": not why, "reasons": why}, status=503 if why else 200)

    async def exposition(request: web.Request) -> web.Response:
        metrics.ready.set(0 if reasons() else 1)
        metrics.queue.set(progress.queued())
        metrics.set_backlog(progress.backlog())
        for topic, records in progress.lag().items():
            metrics.set_lag(topic, records)
        return web.Response(body=metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/live", live)
    app.router.add_get("/ready", ready)
    app.router.add_get("/metrics", exposition)
