"""`streamrec state repair`, with the real worker."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from streamrec.settings import Settings
from streamrec.state.packing import unpack_item, unpack_user
from streamrec.state.user import UserRow
from streamrec.stream import exits, topics
from streamrec.stream.folder import locked
from streamrec.stream.mark import MARK
from tests.cli.conftest import Cli
from tests.stream.support import Worker, records, stop_all, until

pytestmark = pytest.mark.kafka


@pytest.fixture
def worker(broker: str, tmp_path: Path) -> Iterator[Worker]:
    """The real worker with topics of its own; it is not started."""
    settings = Settings(broker=broker, prefix="repair.", app_id="repair", partitions=2, data_dir=tmp_path)
    topics.create(settings)
    made = Worker(settings, module="streamrec.cli.main worker", STREAMREC_SCORING="off")
    yield made
    stop_all([made])


def flags(worker: Worker) -> list[object]:
    names = ("broker", "prefix", "app_id", "partitions", "data_dir")
    return [value for name in names for value in (f"--{name.replace('_', '-')}", worker.environment[f"STREAMREC_{name.upper()}"])]


def view(settings: Settings, users: range) -> None:
    """One view of the lamp by each user."""
    with KafkaProducer(bootstrap_servers=settings.broker, acks="all") as producer:
        for number in users:
            user = f"user-{number}"
            event = {"user_id": user, "item_id": "lamp", "room_id": "room", "ts": int(time.time() * 1000)}
            producer.send(settings.topic("views"), json.dumps(event).encode(), key=user.encode())


def counted(settings: Settings) -> tuple[float, int]:
    """Views of the lamp, as the users' rows count them, and as the item's row does."""
    latest = {record.key: record.value for record in records(settings, "user-changelog") if record.key != MARK}
    users = [unpack_user(value) for value in latest.values()]
    items = [unpack_item(record.value) for record in records(settings, "item-changelog") if record.key == b"lamp"]
    seen = sum(row.seen["lamp"].count for row in users if isinstance(row, UserRow))
    return round(seen), items[-1].version if items else 0


def test_users_and_items_count_the_events_of_a_topic_that_was_made_again(cli: Cli, broker: str, tmp_path: Path, worker: Worker) -> None:
    settings = Settings(broker=broker, prefix="repair.", app_id="repair", partitions=2, data_dir=tmp_path)
    worker.start().ready()
    view(settings, range(40))
    until(lambda: counted(settings) == (40, 40), "all views")
    assert worker.stop() == 0
    assert cli("state", "repair", *flags(worker)).out == "nothing to repair\n"

    client = KafkaAdminClient(bootstrap_servers=broker)
    client.delete_topics([settings.topic("views")])
    client.close()
    until(lambda: any(report.state == "missing" for report in topics.describe(settings)), "the deletion")
    missing = cli("state", "repair", *flags(worker), "--yes")
    assert (missing.code, missing.out) == (1, "")
    assert "repair.views: missing; run `streamrec topics create`" in missing.err
    topics.create(settings)
    view(settings, range(20, 30))
    assert worker.start().exit_code() == exits.STATE

    planned = cli("state", "repair", *flags(worker), "--dry-run", "--json")
    assert (planned.code, planned.last["repaired"]) == (1, False)
    assert {problem["kind"] for problem in planned.last["problems"]} == {"source", "fences"}
    refused = cli("state", "repair", *flags(worker))
    assert (refused.code, refused.out) == (1, "")
    assert "nothing was changed: there is no terminal to ask on; agree with --yes" in refused.err
    assert "repair.views was made again" in refused.err
    assert cli("state", "repair", *flags(worker), "--dry-run", "--json").last == planned.last

    done = cli("state", "repair", *flags(worker), "--yes", "--json")
    assert (done.code, done.last) == (0, {**planned.last, "repaired": True})
    assert cli("state", "repair", *flags(worker), "--json").last == {"problems": [], "repaired": False}
    worker.start().ready()
    view(settings, range(50, 60))
    until(lambda: counted(settings) == (60, 60), f"views of both topics: {counted(settings)}")


def test_a_folder_in_use_is_refused(cli: Cli, worker: Worker) -> None:
    with locked(worker.folder):
        done = cli("state", "repair", *flags(worker), "--yes")
    assert done.code == 1
    assert "another worker uses the data folder" in done.err
