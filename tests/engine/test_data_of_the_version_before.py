"""What the worker wrote before the code moved into this house opens in it: its disks, its marks with all they remember, its changelogs.

`data/before_the_house.tar.xz` holds the data folders of that worker (commit 2a79973) and of its broker, what the code of then read in
them (`summary.json`), and the script that made it all (`made_by.py`). The marks hold every kind of memory that there was.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from kafka import KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from streamrec.broker.embedded import EmbeddedBroker
from streamrec.engine.store.disk import Disk
from streamrec.engine.store.mark import decode_mark
from streamrec.settings import Settings
from streamrec.state.packing import pack_item, pack_user, unpack_item, unpack_user
from tests.engine.support import Worker, stop_all, until

ARCHIVE = Path(__file__).parent / "data" / "before_the_house.tar.xz"
UNPACK: dict[str, Callable[[bytes], Any]] = {"user": unpack_user, "item": unpack_item}
PACK: dict[str, Callable[[Any], bytes]] = {"user": pack_user, "item": pack_item}
PLACES = [("user", 0), ("user", 1), ("item", 0), ("item", 1)]
YEARS_MS = 100 * 365 * 86_400_000


class Held(NamedTuple):
    """What a disk holds of one partition: rows by key (hex), the memory in its mark, and how far the mark has come, as JSON has them."""

    rows: dict[str, Any]
    memory: dict[str, Any]
    next: dict[str, int]


def plain(value: Any) -> Any:
    """As the summary has it."""
    return json.loads(msgspec.json.encode(value))


NOTHING = object()
"""No row: nothing goes on from it."""


def goes_on_from(found: Any, expected: Any) -> bool:
    """Whether nothing is lost or changed: rows and their entries only gain fields, at their ends."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(goes_on_from(found[key], value) for key, value in expected.items())
    if isinstance(expected, list):
        return len(found) >= len(expected) and all(map(goes_on_from, found, expected))
    return bool(found == expected)


def recorded(before: Path, family: str, number: int) -> Held:
    """What the code of then read."""
    found = json.loads((before / "summary.json").read_bytes())[family][str(number)]
    rows = {key: entry["row"] for key, entry in found["rows"].items()}
    return Held(rows, found["mark"]["memory"], found["mark"]["next"])


def on_disk(folder: Path, family: str, number: int) -> Held:
    """What the code of today reads."""
    disk = Disk(folder / family / str(number))
    try:
        assert disk.stamp is not None
        assert disk.stamp.mark is not None
        mark = decode_mark(disk.stamp.mark)
        keys = disk.scan(b"", b"\0\xff", 1000)
        rows = {key.hex(): UNPACK[family](raw) for key, raw in zip(keys, disk.get_many(keys), strict=True) if raw is not None}
    finally:
        disk.close()
    for row in rows.values():
        assert plain(UNPACK[family](PACK[family](row))) == plain(row)
    return Held(plain(rows), plain(mark.memory), mark.next)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A folder with what was left then."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


def test_the_marks_hold_every_kind_of_memory(before: Path) -> None:
    memories = {place: recorded(before, *place).memory for place in PLACES}
    assert memories["user", 0].keys() == {"partition", "rejected", "late", "waiting", "parked"}
    assert memories["item", 0].keys() == {"partition", "fences", "waiting", "again"}
    assert all(all(value != {} for value in memory.values()) for memory in memories.values())


@pytest.mark.parametrize(("family", "number"), PLACES)
def test_todays_code_reads_every_row_and_all_that_the_mark_remembers(before: Path, family: str, number: int) -> None:
    found, expected = on_disk(before / "worker", family, number), recorded(before, family, number)
    assert goes_on_from(found.rows, expected.rows)
    assert found.memory == expected.memory
    assert found.next == expected.next


@pytest.fixture
def settings(before: Path) -> Iterator[Settings]:
    """Settings of a worker of today on the broker of then."""
    with EmbeddedBroker(before / "kafka") as address:
        yield Settings(broker=address, prefix="before.", app_id="before", partitions=2, data_dir=before)


@pytest.fixture
def worker(settings: Settings) -> Iterator[Callable[[str], Worker]]:
    made: list[Worker] = []

    def start(folder: str) -> Worker:
        # As then, and nothing happens because time has passed since: whoever waits for a time or a schema goes on waiting.
        wait = {"STREAMREC_MIN_INTERVAL_MS": str(YEARS_MS), "STREAMREC_SCHEMA_REGISTRY": "http://127.0.0.1:1"}
        made.append(Worker(settings, folder, "streamrec.cli.main worker", **wait, STREAMREC_ERASURE_MARK_DAYS="36500"))
        return made[-1].start().ready()

    yield start
    stop_all(made)


def require_nothing_lost(before: Path, folder: Path) -> None:
    for family, number in PLACES:
        found, expected = on_disk(folder, family, number), recorded(before, family, number)
        assert goes_on_from(found.rows, expected.rows)
        assert found.next == expected.next
        if family == "user":
            # The number of the partition lay in the memory then; a mark that is written today is without it, and nobody has read it.
            assert found.memory | {"partition": number} == expected.memory
        else:
            # The statistics that its topic has lost go on being sent, and those that waited for their interval are sent.
            assert found.memory["fences"] == expected.memory["fences"]


@pytest.mark.kafka
def test_a_worker_on_an_empty_disk_recovers_all_of_it_from_the_changelogs(before: Path, worker: Callable[[str], Worker]) -> None:
    anew = worker("anew")
    assert anew.stop() == 0
    require_nothing_lost(before, anew.folder)


@pytest.mark.kafka
def test_a_worker_goes_on_with_the_old_folder_where_the_last_one_stopped(
    before: Path, settings: Settings, worker: Callable[[str], Worker]
) -> None:
    # The disk is months old by now; a changelog that forgets tombstones earlier would have it built anew.
    admin = KafkaAdminClient(bootstrap_servers=settings.broker)
    for name in ("user-changelog", "item-changelog"):
        kept = {"delete.retention.ms": str(YEARS_MS)}
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, settings.topic(name), configs=kept)])
    admin.close()
    folder = before / "worker"
    identities = [(folder / family / str(number) / "IDENTITY").read_text() for family, number in PLACES]
    old = worker("worker")
    with KafkaProducer(bootstrap_servers=settings.broker, acks="all") as producer:
        fields = {"user_id": "u03", "item_id": "i89", "ts": 1_795_860_000_000, "price": 1.0, "currency": "GBP", "event_id": "new"}
        producer.send(settings.topic("purchases"), json.dumps(fields).encode(), key=b"u03").get()
    until(lambda: 'streamrec_events_total{outcome="applied",topic="purchases"} 1.0' in old.get("/metrics")[1], "the new event")
    assert old.stop() == 0
    assert [(folder / family / str(number) / "IDENTITY").read_text() for family, number in PLACES] == identities
    for family, number in PLACES:
        found, expected = on_disk(folder, family, number), recorded(before, family, number)
        assert found.rows.keys() >= expected.rows.keys()
        changed = {bytes.fromhex(key).decode() for key, row in found.rows.items() if not goes_on_from(row, expected.rows.get(key, NOTHING))}
        assert changed == ({"u03"} if number == 1 else set()) if family == "user" else changed <= {"i89"}
