"""The Faust agents: one for each topic that changes state."""

from __future__ import annotations

from typing import Any

import faust

from streamrec.engine.engine import Engine
from streamrec.engine.transport import BatchSchema


def declare(app: faust.App, engine: Engine) -> None:
    """Give every source topic its agent, which hands batches to the engine in the order in which they were fetched."""
    for topic in engine.sources:

        async def agent(stream: Any) -> None:
            async for batch in stream:
                engine.land(batch)

        app.agent(app.topic(topic, schema=BatchSchema()), name=topic)(agent)
