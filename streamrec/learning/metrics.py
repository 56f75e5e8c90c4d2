"""The learner's metrics, and the small web server that shows them."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import numpy as np
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Info, ProcessCollector, generate_latest

from streamrec.learning.instances import PLACE
from streamrec.learning.trainer import Judgement
from streamrec.web.access import Access
from streamrec.web.connections import Connections, accepting
from streamrec.web.gate import guard


class LearnerMetrics:
    """All metrics of a learner, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        self.records = Counter("streamrec_learner_records", "What became of slates, feedback and examples.", ["outcome"], registry=own)
        self.reactions = Counter("streamrec_learner_reactions", "What became of reactions.", ["base", "outcome"], registry=own)
        self.versions = Counter("streamrec_learner_judgements", "What became of batches.", ["base", "outcome"], registry=own)
        self.loss = Gauge("streamrec_learner_loss", "Loss on the last batch before learning from it.", ["base", "weights"], registry=own)
        self.norm = Gauge("streamrec_learner_norm", "Distance of the served weights from the base.", ["base"], registry=own)
        self.version = Info("streamrec_learner_version", "The version that is served.", ["base"], registry=own)
        self.slates = Gauge("streamrec_learner_slates", "Slates that wait for feedback.", registry=own)
        self.lag = Gauge("streamrec_learner_lag_records", "Records that wait to be read, by topic.", ["topic"], registry=own)
        self.ready = Gauge("streamrec_learner_ready", "1 when everything was read that was there.", registry=own)
        ProcessCollector(registry=own)

    def observe(self, counts: Mapping[str, int], slates: int, lag: Mapping[str, int]) -> None:
        """What a round of reading brought."""
        for outcome, count in counts.items():
            self.records.labels(outcome).inc(count)
        self.slates.set(slates)
        for topic, records in lag.items():
            self.lag.labels(topic).set(records)

    def learned(self, base: str, counts: Mapping[str, int]) -> None:
        """What became of reactions."""
        for outcome, count in counts.items():
            self.reactions.labels(base, outcome).inc(count)

    def judged(self, base: str, judgement: Judgement, theta: Sequence[float]) -> None:
        """What became of a batch, and what is served now."""
        self.versions.labels(base, judgement.outcome).inc()
        self.norm.labels(base).set(float(np.linalg.norm(theta[:PLACE])))
        for name in ("base", "served", "candidate"):
            self.loss.labels(base, name).set(judgement.metrics[f"loss_{name}"])
        if judgement.weights is not None:
            self.version.labels(base).info({"version": judgement.weights.version})

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)


@asynccontextmanager
async def pages(metrics: LearnerMetrics, listening: socket.socket, web_host: str) -> AsyncIterator[None]:
    """Serve `/live`, `/ready` and `/metrics` on a socket that is already bound."""

    async def live(request: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def ready(request: web.Request) -> web.Response:
        yes = bool(metrics.registry.get_sample_value("streamrec_learner_ready"))
        return web.json_response({"ready": yes, "reasons": [] if yes else ["reading slates and feedback"]}, status=200 if yes else 503)

    async def exposition(request: web.Request) -> web.Response:
        return web.Response(body=metrics.exposition(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    app, connections = web.Application(), Connections()
    guard(app, Access(None, web_host, listening.getsockname()[0]), connections)
    app.add_routes([web.get("/live", live), web.get("/ready", ready), web.get("/metrics", exposition)])
    async with accepting(web.AppRunner(app, access_log=None), listening, connections):
        yield
