"""The Faust agents: one for each topic that changes state."""

from __future__ import annotations

from typing import Any

import faust

from streamrec.engine.engine import Engine
from streamrec.engine.transport import BatchSchema


def declare(app: faust.App, engine: Engine) -> None:
    """Give every source topic its agent. An agent takes batches in the order they were fetched and hands them to the engine."""
    for topic in engine.sources:

        async def agent(stream: Any) -> None:
            async for batch in stream:
                engine.land(batch)

        app.agent(app.topic(topic, schema=BatchSchema()), name=topic)(agent)
