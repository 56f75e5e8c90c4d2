"""A real worker changes its model under load: by command, with no list lost, and never to a folder that is not what was published."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from kafka import KafkaProducer
from typer.testing import CliRunner

from streamrec.bert.folder import SHIPPED, revision_of, seal
from streamrec.cli.main import app
from streamrec.events.models import ServedModel, published
from streamrec.kafka import topics
from streamrec.operations import published as topic
from streamrec.settings import Settings
from tests.engine.support import Worker, lists, stop_all, until

ITEMS = 400


@pytest.fixture
def settings(broker: str, tmp_path: Path) -> Settings:
    found = Settings(broker=broker, prefix="swap.", app_id="swap", partitions=2, data_dir=tmp_path / "data")
    topics.create(found)
    return found


class Viewers(threading.Thread):
    """Keep looking at items until told to stop."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.sent = 0
        self.done = threading.Event()

    def run(self) -> None:
        with KafkaProducer(bootstrap_servers=self.settings.broker, acks="all") as producer:
            while not self.done.wait(0.01):
                user = f"user-{self.sent % 20}"
                fields = {"user_id": user, "item_id": f"i{self.sent % ITEMS}", "ts": 1_700_000_000_000 + self.sent}
                producer.send(self.settings.topic("views"), json.dumps(fields).encode(), key=user.encode())
                self.sent += 1


@pytest.fixture
def viewers(settings: Settings) -> Iterator[Viewers]:
    with KafkaProducer(bootstrap_servers=settings.broker, acks="all") as producer:
        for number in range(ITEMS):
            fields = {"item_id": f"i{number}", "title": f"red mug number {number}", "price": 10, "currency": "GBP"}
            producer.send(settings.topic("items"), json.dumps(fields).encode(), key=fields["item_id"].encode())
    made = Viewers(settings)
    yield made
    made.done.set()


def another(folder: Path, name: str) -> Path:
    """A model folder of its own revision."""
    copytree(SHIPPED, folder / name)
    (folder / name / "README.md").write_text(name)
    seal(folder / name)
    return folder / name


@pytest.mark.kafka
def test_models_are_swapped_under_load_rolled_back_and_refused(settings: Settings, viewers: Viewers, tmp_path: Path) -> None:
    environment = {"STREAMREC_BROKER": settings.broker, "STREAMREC_PREFIX": settings.prefix, "STREAMREC_PARTITIONS": "2"}

    def models(*arguments: str) -> Any:
        result = CliRunner(env=environment).invoke(app, ["models", *arguments, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    worker = Worker(settings, module="streamrec.cli.main worker", STREAMREC_DEVICE="cpu", STREAMREC_CANDIDATES="all")

    def serves(revision: str) -> bool:
        return f'revision="{revision}"' in worker.get("/metrics")[1]

    def wait_for_views(more: int) -> None:
        seen = viewers.sent
        until(lambda: viewers.sent > seen + more, "some more views")

    own, new = revision_of(SHIPPED), another(tmp_path, "new")
    try:
        worker.start().ready()
        viewers.start()
        assert serves(own)
        wait_for_views(50)
        models("publish", str(new))
        until(lambda: serves(revision_of(new)), "the new model")
        wait_for_views(50)
        third = another(tmp_path, "third")
        models("publish", str(third))
        until(lambda: serves(revision_of(third)), "the next model")
        wait_for_views(50)
        models("rollback")
        until(lambda: serves(revision_of(new)), "the model before")
        topic.write(settings, published(ServedModel("lost", "0" * 64, str(tmp_path / "lost"), 0), topic.read(settings)))
        until(lambda: 'swaps_total{outcome="refused"} 1.0' in worker.get("/metrics")[1], "the refusal")
        assert serves(revision_of(new))
        wait_for_views(50)
        viewers.done.set()
        viewers.join()
        until(lambda: sum(len(made["covers"]) for made in lists(settings)) >= viewers.sent, "a list for every view")
        rows = models("ls")["models"]
        assert [(row["role"], row["state"]) for row in rows] == [("published", "unfit"), ("before", "ok"), ("settings", "ok")]
        assert worker.stop() == 0
    finally:
        stop_all([worker])

    made = lists(settings)
    assert len({tuple(cover) for one in made for cover in one["covers"]}) == viewers.sent
    assert all(len(one["items"]) == 10 for one in made)
    order = [revision_of(folder) for folder in (SHIPPED, new, third, new)]
    for partition in (0, 1):
        revisions = [one["model"]["revision"] for one in made if one["trigger"]["partition"] == partition]
        assert [revision for place, revision in enumerate(revisions) if place == 0 or revisions[place - 1] != revision] == order
