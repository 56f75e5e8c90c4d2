"""What the demo runs on: a broker, topics and a worker of its own, all gone afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from streamrec.broker.embedded import EmbeddedBroker
from streamrec.settings import Settings
from streamrec.stream import topics


def own(settings: Settings, folder: Path) -> Settings:
    """The settings with names and folders that no one else uses."""
    name = f"demo-{secrets.token_hex(4)}"
    names = {"prefix": f"{settings.prefix}{name}.", "app_id": f"{settings.app_id}-{name}", "instance_id": None}
    port = settings.web_port if "web_port" in settings.model_fields_set else 0
    return settings.model_copy(update={**names, "data_dir": folder / "worker", "web_port": port})


@contextmanager
def broker_with_topics(settings: Settings, folder: Path, progress: Callable[[str], None]) -> Iterator[Settings]:
    """The settings with a broker that has the topics: one of its own unless a setting names one.

    Topics and consumer group on a broker of someone else's are deleted in the end.
    """
    if "broker" in settings.model_fields_set:
        topics.create(settings)
        try:
            yield settings
        finally:
            with topics.admin(settings) as client:
                client.delete_groups([settings.app_id], raise_errors=False)
                client.delete_topics([settings.topic(name) for name in topics.TOPICS], raise_errors=False)
    else:
        with EmbeddedBroker(folder / "kafka", progress=progress) as bootstrap:
            settings = settings.model_copy(update={"broker": bootstrap})
            topics.create(settings)
            yield settings
