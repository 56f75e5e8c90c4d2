"""The control's worker: an agent, a table and an output topic, written as Faust's documentation has it.

python -m benchmarks.faults.plain_worker    (settings from the environment, as the real worker's)
"""

from __future__ import annotations

import json
import sys
from typing import Any

import faust

from streamrec.settings import Settings, load

# Nothing of streamrec.engine: its readings of records are not Faust's.


def make(settings: Settings) -> faust.App:
    """The app: counts the views of every user, and answers each with a list that names the event it is for."""
    app = faust.App(
        settings.app_id,
        store="rocksdb://",
        datadir=str(settings.data_dir),
        topic_partitions=settings.partitions,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.session_timeout_s / 6,
        web_enabled=False,
        broker=f"kafka://{settings.broker}",
    )
    views = app.topic(settings.topic("views"), key_type=str, key_serializer="raw", value_serializer="json")
    lists = app.topic(settings.topic("recommendations"), key_type=str, key_serializer="raw", value_serializer="json")
    changelog = app.topic(settings.topic("user-changelog"), key_serializer="json", value_serializer="json", compacting=True)
    counts = app.Table("counts", default=int, partitions=settings.partitions, changelog_topic=changelog)

    @app.agent(views)
    async def count(stream: Any) -> None:
        async for event in stream.events():
            user, place = event.value["user_id"], event.message
            counts[user] += 1
            covers = [(place.topic, place.partition, place.offset)]
            await lists.send(key=user, value={"list_id": json.dumps(covers), "user_id": user, "covers": covers})

    return app


if __name__ == "__main__":
    sys.exit(faust.Worker(make(load()), loglevel="WARN", quiet=True).execute_from_commandline())
