"""What the demo runs on: a broker and topics of its own, removed afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kafka.admin import MemberToRemove

from streamrec.broker.embedded import EmbeddedBroker
from streamrec.kafka import topics
from streamrec.kafka.admin import admin
from streamrec.settings import Settings


def own(settings: Settings, folder: Path) -> Settings:
    """The settings with names and folders that nobody else uses."""
    name = f"demo-{secrets.token_hex(4)}"
    names = {"prefix": f"{settings.prefix}{name}.", "app_id": f"{settings.app_id}-{name}", "instance_id": None}
    # A free port unless one was asked for: another worker may run on this machine.
    port = settings.web_port if "web_port" in settings.model_fields_set else 0
    return settings.model_copy(update={**names, "data_dir": folder / "worker", "web_port": port, "learn_port": 0})


@contextmanager
def broker_with_topics(settings: Settings, folder: Path, progress: Callable[[str], None]) -> Iterator[Settings]:
    """The settings with a broker that has the topics: an embedded one unless a setting names one.

    From a broker that was named, topics and consumer groups are deleted in the end.
    """
    if "broker" in settings.model_fields_set:
        topics.create(settings)
        try:
            yield settings
        finally:
            _remove(settings)
    else:
        broker = EmbeddedBroker(folder / "kafka", progress=progress)
        try:
            settings = settings.model_copy(update={"broker": broker.start().bootstrap})
            topics.create(settings)
            yield settings
        finally:
            broker.stop()


def _remove(settings: Settings) -> None:
    """Delete the consumer group and the topics of these settings."""
    with admin(settings) as client:
        # A worker with a static membership stays a member for a while after it has gone, and only empty groups can be deleted.
        members = client.describe_groups([settings.app_id])[settings.app_id]["members"]
        if members:
            leaving = [MemberToRemove(member_id=member["member_id"], group_instance_id=member["group_instance_id"]) for member in members]
            client.remove_group_members(settings.app_id, leaving)
        client.delete_groups([settings.app_id, f"{settings.app_id}-learner"])
        client.delete_topics([settings.topic(name) for name in topics.TOPICS], raise_errors=False)
