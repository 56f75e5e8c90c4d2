"""When a worker joins its group: at once, unless others serve the partitions that it would take over."""

from __future__ import annotations

import structlog
from kafka.errors import KafkaError

from streamrec.errors import StreamrecError
from streamrec.kafka.admin import admin
from streamrec.settings import Settings

log = structlog.get_logger(__name__)


def others_serve(settings: Settings, instance_id: str) -> bool:
    """Whether the group has members, and this worker is none of them.

    A worker that starts again under its membership still has its partitions: nobody else will serve them. Where the group cannot be
    asked, joining it tells what is wrong.
    """
    try:
        with admin(settings) as client:
            members = client.describe_groups([settings.app_id])[settings.app_id]["members"]
    except (StreamrecError, KafkaError) as exc:
        log.debug("the group was not asked for its members", reason=repr(exc))
        return False
    return bool(members) and instance_id not in {member["group_instance_id"] for member in members}
