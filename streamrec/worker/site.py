"""The web server's pages: health for supervisors, the live page, and what is known of a viewer."""

from __future__ import annotations

from typing import Any

import structlog
from aiohttp.web import Application

from streamrec.contract.pieces import Inspector, Names
from streamrec.engine.engine import Engine
from streamrec.engine.host import Host
from streamrec.events.partitioner import partition_of
from streamrec.observe.health import Reasons, serve_health
from streamrec.settings import Settings
from streamrec.system.addresses import is_loopback
from streamrec.system.clock import now_ms
from streamrec.web.access import Access
from streamrec.web.feed import Feed
from streamrec.web.gate import guard
from streamrec.web.page import serve_page
from streamrec.web.removed import serve_removed
from streamrec.web.showing import People
from streamrec.web.state import serve_state

log = structlog.get_logger(__name__)


def serve_site(host: Host, address: str, settings: Settings, inspector: Inspector, engine: Engine, reasons: Reasons) -> None:
    """Add all pages to the web server, which listens on `address`; `reasons` say why the worker is not ready."""
    tools = engine.tools
    access = Access(settings.web_token.get_secret_value() if settings.web_token else None, settings.web_host, address)
    feed = Feed(settings, inspector, tools.core, tools.audience, tools.metrics, lambda: _outlook(settings, engine, reasons()))
    # Before the pages: what it puts in front of them holds for every one, those of tomorrow too.
    guard(host.pages, access, host.connections)
    serve_health(host.pages, tools.metrics, reasons, engine)
    serve_page(host.pages, feed, access)
    _serve_people(host.pages, settings, inspector, engine, feed.people)
    if access.open and not is_loopback(address):
        log.info("without web_token, only /live, /ready and /metrics are served to other machines", web_host=settings.web_host)


def _outlook(settings: Settings, engine: Engine, not_ready: list[str]) -> dict[str, Any]:
    """What the live page shows beside the metrics."""
    lag = {topic.removeprefix(settings.prefix): records for topic, records in engine.lag().items()}
    return {"not_ready": not_ready, "lag": lag, "queue": engine.queued(), "ts": now_ms()}


def _serve_people(pages: Application, settings: Settings, inspector: Inspector, engine: Engine, people: People) -> None:
    def number(user_id: str) -> int:
        return partition_of(user_id.encode(), settings.partitions)

    async def known(user_id: str) -> dict[str, Any] | None:
        return await engine.look("user", number(user_id), lambda rows: inspector.known(rows, user_id))

    async def removed(user_id: str) -> dict[str, list[str]] | None:
        return await engine.look("user", number(user_id), lambda rows: inspector.removed(rows, user_id))

    async def names(items: list[str]) -> Names:
        return await engine.tools.core.run(inspector.names, items, [])

    serve_state(pages, known, number)
    serve_removed(pages, removed, names, people)
