"""`streamrec simulate` into a real Kafka."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaConsumer, TopicPartition

from streamrec.events.partitioner import partition_of
from streamrec.settings import Settings
from streamrec.simulator.playback import SAMPLE_EVENTS
from tests.cli.conftest import Cli

pytestmark = pytest.mark.kafka


def read(settings: Settings, *names: str) -> list[object]:
    """Every record of the topics."""
    consumer = KafkaConsumer(bootstrap_servers=settings.broker, enable_auto_commit=False)
    full = map(settings.topic, names)
    places = [TopicPartition(topic, number) for topic in full for number in consumer.partitions_for_topic(topic)]
    ends = consumer.end_offsets(places)
    consumer.assign(places)
    consumer.seek_to_beginning(*places)
    found: list[object] = []
    while any(consumer.position(place) < ends[place] for place in places):
        found += [record for records in consumer.poll(timeout_ms=200).values() for record in records]
    consumer.close()
    return found


def test_a_file_arrives_whole_under_the_right_keys(cli: Cli, kafka: Settings) -> None:
    done = cli("simulate", "playback", "--broker", kafka.broker, "--prefix", kafka.prefix, "--limit", 500, "--json")
    assert done.code == 0, done.err
    records = read(kafka, "purchases")
    assert len(records) == done.last["sent"] == 500
    for record in records:
        assert msgspec.json.decode(record.value)["user_id"].encode() == record.key
        assert record.partition == partition_of(record.key, kafka.partitions)
        assert not record.headers


def test_the_shop_counts_exactly_what_it_sent(cli: Cli, kafka: Settings) -> None:
    arguments = ["--broker", kafka.broker, "--prefix", kafka.prefix, "--purchases", SAMPLE_EVENTS]
    done = cli("simulate", "shop", *arguments, "--rate", 0, "--limit", 400, "--bad-share", 0.2, "--json")
    assert done.code == 0, done.err
    summary = done.last
    records = read(kafka, "items", "rooms", "views", "purchases", "danmaku", "transcripts")
    assert len(records) == summary["sent"] == sum(summary["by_topic"].values())
    assert sum(("streamrec.simulated", b"true") in record.headers for record in records) == summary["simulated"]
    assert sum(("streamrec.retimed", b"true") in record.headers for record in records) > 0
    assert summary["bad_sent"] == sum(summary["spoilt"].values()) > 0


def test_what_the_words_of_a_shop_mean_is_written_beside_it_by_their_coordinates(cli: Cli, kafka: Settings, tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    arguments = ["--broker", kafka.broker, "--prefix", kafka.prefix, "--lang", "zh", "--truth", truth]
    done = cli("simulate", "shop", *arguments, "--rate", 0, "--limit", 300, "--json")
    assert done.code == 0, done.err
    told = [msgspec.json.decode(line) for line in truth.read_text("utf-8").splitlines()]
    spoken = done.last["by_topic"]["danmaku"] + done.last["by_topic"]["transcripts"]
    assert len(told) == spoken > 100
    places = {(record.topic, record.partition, record.offset): record for record in read(kafka, "danmaku", "transcripts")}
    for one in told:
        record = places[one["topic"], one["partition"], one["offset"]]
        assert b"on_air" not in record.value
        assert ("intents" in one) == (one["topic"] == kafka.topic("danmaku"))


def test_a_missing_topic_names_the_command_that_makes_it(cli: Cli, broker: str) -> None:
    done = cli("simulate", "playback", "--broker", broker, "--prefix", "nowhere.")
    assert done.code == 1
    assert (
        "nowhere.purchases, nowhere.rooms, nowhere.rules, nowhere.transcripts, nowhere.views; make them with `streamrec topics create`"
        in done.err
    )


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_without_a_broker_the_message_says_how_to_start_one(cli: Cli) -> None:
    done = cli("simulate", "playback", "--broker", "127.0.0.1:1", "--broker-patience-s", 0.2)
    assert done.code == 1
    assert "no Kafka broker answers at 127.0.0.1:1" in done.err
    assert "`streamrec broker start`" in done.err
    gc.collect()  # kafka-python leaves the sockets of failed connections to the garbage collector


def test_ctrl_c_ends_it_with_its_summary_and_130(kafka: Settings) -> None:
    line = [sys.executable, "-m", "streamrec.cli.main", "simulate", "shop", "--broker", kafka.broker, "--prefix", kafka.prefix, "--json"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        watchdog = threading.Timer(120, process.kill)
        watchdog.start()
        try:
            assert process.stderr is not None
            assert "Ctrl-C stops" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate()
        finally:
            watchdog.cancel()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert msgspec.json.decode(out)["sent"] >= 0
