"""Whether the worker serves, and why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from prometheus_client import CONTENT_TYPE_LATEST

from streamrec.contract.backlog import Backlog
from streamrec.observe.metrics import Metrics

if TYPE_CHECKING:
    from faust import App

Reasons = Callable[[], list[str]]
"""Why the worker is not ready; empty when it is."""


def serve_health(
    app: App,
    metrics: Metrics,
    reasons: Reasons,
    lag: Callable[[], dict[str, int]],
    queue: Callable[[], int],
    backlog: Callable[[], Backlog],
) -> None:
    """Add `/live`, `/ready` (503 with reasons until the worker serves) and `/metrics` to the app's web server."""

    @app.page("/live")
    async def live(view: Any, request: Any) -> Any:
        return view.json({"live": True})

    @app.page("/ready")
    async def ready(view: Any, request: Any) -> Any:
        why = reasons()
        return view.json({"ready": not why, "reasons": why}, status=503 if why else 200)

    @app.page("/metrics")
    async def exposition(view: Any, request: Any) -> Any:
        metrics.ready.set(0 if reasons() else 1)
        metrics.queue.set(queue())
        metrics.set_backlog(backlog())
        for topic, records in lag().items():
            metrics.set_lag(topic, records)
        return view.bytes(metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})
