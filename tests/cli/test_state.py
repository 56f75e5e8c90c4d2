"""`streamrec state`, with the real worker."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from streamrec.engine import exits
from streamrec.engine.store.folder import locked
from streamrec.engine.store.mark import MARK
from streamrec.events.codec import decode, encode
from streamrec.events.fields import EventTime
from streamrec.events.types import View
from streamrec.kafka import topics
from streamrec.settings import Settings
from streamrec.state.packing import unpack_item, unpack_user
from streamrec.state.user import UserRow
from streamrec.system.clock import now_ms
from tests.cli.conftest import Cli
from tests.engine.support import Worker, records, stop_all, until

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


def test_a_user_is_looked_up_dumped_and_forgotten(cli: Cli, broker: str, tmp_path: Path, worker: Worker) -> None:
    settings = Settings(broker=broker, prefix="forget.", app_id="forget", partitions=2, data_dir=tmp_path)
    topics.create(settings)
    worker.environment |= {"STREAMREC_PREFIX": "forget.", "STREAMREC_APP_ID": "forget", "STREAMREC_WEB_TOKEN": "long enough, 口令"}
    worker.environment["STREAMREC_INSTANCE_ID"] = "forget-a"
    worker.start().ready()
    view(settings, range(10))
    until(lambda: counted(settings) == (10, 10), "all views")
    token = ["--web-token", "long enough, 口令"]

    asked = cli("state", "get", "user-3", *flags(worker), *token, "--json")
    assert asked.code == 0, asked.err
    assert asked.last["source"].startswith("http://127.0.0.1:")
    assert list(asked.last["row"]["seen"]) == ["lamp"]
    assert cli("state", "get", "user-3", *flags(worker), *token, "--url", asked.last["source"], "--json").last == asked.last
    refused = cli("state", "get", "user-3", *flags(worker))
    assert (refused.code, refused.out) == (1, "")
    assert "STREAMREC_WEB_TOKEN" in refused.err
    nobody = cli("state", "get", "nobody", *flags(worker), *token)
    assert nobody.code == 1
    assert "known      nothing" in nobody.out
    live = cli("state", "dump", "--data-dir", worker.folder, "--family", "user")
    assert live.code == 0, live.err
    assert "a worker runs on" in live.err

    gone = cli("state", "forget", "user-3", *flags(worker), *token, "--yes", "--json")
    assert gone.code == 0, gone.err
    assert (gone.last["forgotten"], gone.last["had_row"], gone.last["asked"]) == (True, True, asked.last["source"])
    assert gone.last["remains_ms"]["views"] == 7 * 86_400_000
    again = cli("state", "forget", "user-3", *flags(worker), *token, "--yes")
    assert "there was no row" in again.out
    assert "forget.user-changelog: 2 days" in again.out
    erased = cli("state", "get", "user-3", *flags(worker), *token, "--json")
    assert (erased.code, erased.last["row"]) == (1, None)
    assert erased.last["erased"]["ts"] >= gone.last["ts"]
    unasked = cli("state", "forget", "user-4", *flags(worker))
    assert (unasked.code, unasked.out) == (1, "")
    assert "agree with --yes" in unasked.err

    other = Worker(settings, "b", module="streamrec.cli.main worker", STREAMREC_SCORING="off")
    other.start()
    try:
        until(lambda: other.partitions() == 1 and worker.partitions() == 1, "a partition each")
        answers = [cli("state", "get", f"user-{number}", *flags(worker), *token) for number in (4, 5, 6, 7, 8, 9)]
        elsewhere = [answer for answer in answers if answer.code]
        assert {answer.code for answer in answers} == {0, 1}
        assert all("the worker forget-b at 127.0.0.1 has it; ask it with --url" in answer.err for answer in elsewhere)
    finally:
        assert other.stop() == 0

    until(lambda: worker.partitions() == 2, "both partitions again")
    assert worker.stop() == 0
    late = cli("state", "forget", "user-4", *flags(worker), "--yes", "--timeout", "0.1")
    assert (late.code, late.out) == (1, "")
    assert "no worker has committed it within 0.1 s" in late.err
    from_disk = cli("state", "get", "user-5", *flags(worker))
    assert from_disk.code == 0
    assert f"{worker.folder})" in from_disk.out
    assert "looked at  1 items" in from_disk.out
    wrong = cli("state", "get", "user-5", "--data-dir", worker.folder, "--partitions", 1)
    assert (wrong.code, wrong.out) == (2, "")
    assert "more than 1; correct --partitions" in wrong.err
    lines = [json.loads(line) for line in cli("state", "dump", "--data-dir", worker.folder).out.splitlines()]
    assert sorted(line["user_id"] for line in lines if "user_id" in line) == sorted(f"user-{number}" for number in range(10) if number != 3)
    assert [line["item_id"] for line in lines if line["family"] == "item"] == ["lamp"]
    assert [line["row"]["ts"] >= gone.last["ts"] for line in lines if "erased" in line] == [True]


@pytest.mark.parametrize(
    "user", ["山田\u3000太郎", "👨\u200d👩\u200d👧", "a\u00a0b", "z\u200bw", "\ufeffbom", "\U0001fae9", "\ue000", "\u202eevil"], ids=ascii
)
def test_whoever_is_taken_in_can_be_forgotten(cli: Cli, kafka: Settings, user: str) -> None:
    decode("views", encode(View(user_id=user, item_id="lamp", ts=EventTime(now_ms()))))
    done = cli("state", "forget", user, "--broker", kafka.broker, "--prefix", kafka.prefix, "--yes", "--no-wait", "--json")
    assert done.code == 0, done.err
    assert done.last["user_id"] == user


def test_what_is_no_user_and_no_folder_is_said(cli: Cli, tmp_path: Path) -> None:
    assert cli("state", "forget", "a\nb", "--yes").code == 2
    assert cli("state", "forget", "u" * 129, "--yes").code == 2
    assert cli("state", "forget", "\udcff", "--yes").code == 2
    done = cli("state", "get", "anna", "--data-dir", tmp_path / "nowhere")
    assert (done.code, done.out) == (1, "")
    assert "--data-dir" in done.err
