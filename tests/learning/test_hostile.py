"""No record stops the learner: whatever lies on the topics that it reads, before its start and after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from streamrec.cli.main import app
from streamrec.kafka import topics
from streamrec.settings import Settings
from tests.engine.support import stop_all, until
from tests.learning.test_process import Learner
from tests.test_hostile import spoil

pytestmark = pytest.mark.kafka
READ = ("slates", "feedback", "training-examples", "blend-weights")


def test_no_record_of_any_topic_stops_the_learner(broker: str, tmp_path: Path) -> None:
    settings = Settings(broker=broker, prefix="unlearnt.", app_id="unlearnt", partitions=2, data_dir=tmp_path)
    topics.create(settings)
    learner = Learner(settings)
    try:
        for topic in READ:
            spoil(settings, topic)
        learner.start().ready()
        sent = {topic: spoil(settings, topic) for topic in READ}

        def unreadable(name: str) -> float:
            lines = learner.get("/metrics")[1].splitlines()
            return sum(float(line.split()[-1]) for line in lines if f'"{name}_unreadable"' in line and "_total" in line)

        until(lambda: unreadable("slate") >= 2 * sent["slates"], f"slates passed over; the log: {learner.log.read_text()[-1000:]}")
        until(lambda: unreadable("feedback") >= 2 * sent["feedback"], "feedback passed over")
        learner.kill()
        learner.start().ready()
        assert not learner.ended()
        assert learner.stop() == 0
    finally:
        stop_all([learner])
    where = ["--broker", settings.broker, "--prefix", settings.prefix, "--app-id", settings.app_id, "--partitions", "2"]
    done = CliRunner().invoke(app, ["learn", "status", "--json", *where])
    assert done.exit_code == 0, done.output
