"""The topics and the commands that make them."""

from __future__ import annotations

import json

import pytest
from kafka import KafkaAdminClient
from typer.testing import CliRunner

from streamrec.cli.main import app
from streamrec.errors import BrokerUnavailable, TopicMismatch
from streamrec.kafka import topics
from streamrec.kafka.topics import TOPICS
from streamrec.settings import Settings

pytestmark = pytest.mark.kafka


def _empty(broker: str, prefix: str, **more: object) -> Settings:
    return Settings(broker=broker, prefix=prefix, partitions=3, **more)  # type: ignore[arg-type]


def test_all_topics_are_created_once_with_their_policies(broker: str) -> None:
    settings = _empty(broker, "create.")
    assert {report.state for report in topics.describe(settings)} == {"missing"}
    assert {report.state for report in topics.create(settings)} == {"created"}
    again = topics.create(settings)
    assert {report.state for report in again} == {"ok"}
    assert {report.name: (report.cleanup, report.partitions) for report in again} == {
        name: (topic.cleanup, 3 if topic.keyed else 1) for name, topic in TOPICS.items()
    }
    changelog = next(report for report in again if report.name == "user-changelog")
    assert changelog.config["delete.retention.ms"] == str(topics.DAY_MS)
    assert changelog.topic_id


def test_another_partition_count_is_an_error_that_says_what_to_do(broker: str) -> None:
    settings = _empty(broker, "count.")
    topics.create(settings)
    told = r"count\.views, .*: 3 partitions instead of 5; all keyed topics have 3: set STREAMREC_PARTITIONS=3, or choose another"
    with pytest.raises(TopicMismatch, match=told):
        topics.create(settings.model_copy(update={"partitions": 5}))


def test_another_cleanup_policy_is_an_error(broker: str) -> None:
    settings = _empty(broker, "policy.")
    client = KafkaAdminClient(bootstrap_servers=broker)
    client.create_topics({"policy.items": {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    client.close()
    with pytest.raises(TopicMismatch, match=r"policy\.items: cleanup\.policy=delete instead of compact"):
        topics.create(settings)
    assert [report.state for report in topics.describe(settings) if report.name == "views"] == ["missing"], "nothing was created"


def test_more_replicas_than_brokers_is_an_error(broker: str) -> None:
    with pytest.raises(TopicMismatch, match=r"cannot be created .*--replication-factor"):
        topics.create(_empty(broker, "replicas.", replication_factor=3))


def test_an_absent_broker_is_waited_for_so_long_and_then_named() -> None:
    with pytest.raises(BrokerUnavailable, match=r"no Kafka broker answers at 127\.0\.0\.1:1 within 0\.5 s.*streamrec broker start"):
        topics.describe(Settings(broker="127.0.0.1:1", broker_patience_s=0.5))


def test_the_commands_print_json_and_tell_by_their_exit_code(broker: str) -> None:
    flags = ["--broker", broker, "--prefix", "command.", "--partitions", "2", "--json"]
    run = CliRunner().invoke
    missing = run(app, ["topics", "describe", *flags])
    assert missing.exit_code == 1
    created = run(app, ["topics", "create", *flags])
    assert created.exit_code == 0
    assert {topic["state"] for topic in json.loads(created.stdout)["topics"]} == {"created"}
    described = run(app, ["topics", "describe", *flags])
    assert described.exit_code == 0
    assert {topic["topic"] for topic in json.loads(described.stdout)["topics"]} == {f"command.{name}" for name in TOPICS}
    assert "command.views" in run(app, ["topics", "describe", *flags[:-1]]).stdout
