"""The embedded broker: started once, found again, always stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from streamrec.broker.embedded import EmbeddedBroker
from streamrec.broker.jars import runtime
from streamrec.broker.probe import answers
from streamrec.errors import BrokerStartFailed, MissingExtra, PortInUse

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """A broker that is stopped in the end, whatever the tests did."""
    broker = EmbeddedBroker(tmp_path_factory.mktemp("own-kafka"))
    yield broker
    broker.stop()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_starting_twice_finds_the_broker_that_runs(own: EmbeddedBroker) -> None:
    first = own.start()
    assert own.start() == first
    assert EmbeddedBroker(own.folder).start() == first
    assert EmbeddedBroker(own.folder).running() == first
    assert answers(first.port)


def test_its_events_and_its_log_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "kafka"
    folder.mkdir(mode=0o755)
    (folder / "broker.log").write_text("of an older version")
    before = os.umask(0)
    try:
        with EmbeddedBroker(folder):
            pass
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert any(path.parent.name == "__cluster_metadata-0" and path.suffix == ".log" for path in modes), "the broker wrote records"
    open_to_others = [str(path) for path, mode in modes.items() if mode & 0o077]
    assert not open_to_others


def test_topics_survive_a_restart(own: EmbeddedBroker) -> None:
    client = KafkaAdminClient(bootstrap_servers=own.start().bootstrap)
    client.create_topics({"kept": {"num_partitions": 3, "replication_factor": 1}})
    client.close()
    assert own.stop()
    client = KafkaAdminClient(bootstrap_servers=own.start().bootstrap)
    try:
        assert [len(topic["partitions"]) for topic in client.describe_topics(["kept"])] == [3]
    finally:
        client.close()


def test_stopping_leaves_no_process_and_stopping_again_says_so(own: EmbeddedBroker) -> None:
    running = own.start()
    assert own.stop()
    assert not alive(running.pid)
    assert own.running() is None
    assert not own.stop()


def test_a_process_that_does_not_hear_sigterm_is_killed(own: EmbeddedBroker) -> None:
    running = own.start()
    os.kill(running.pid, signal.SIGSTOP)
    assert own.stop(patience_s=0.2)
    assert not alive(running.pid)


def test_a_broker_that_cannot_start_leaves_nothing_and_shows_its_log(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").write_text("version=17\n")
    with pytest.raises(BrokerStartFailed, match=r"ended while starting; the end of .*broker\.log:\n(.|\n)*meta\.properties"):
        broker.start()
    assert broker.running() is None


def test_a_port_that_is_taken_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        broker = EmbeddedBroker(tmp_path, taken.getsockname()[1])
        with pytest.raises(PortInUse, match="choose another with --port"):
            broker.start()
    assert broker.running() is None


def test_a_stale_process_id_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "broker.lock").touch()
    (tmp_path / "broker.json").write_text(json.dumps({"pid": os.getpid(), "port": 9}))
    broker = EmbeddedBroker(tmp_path)
    assert broker.running() is None
    assert not broker.stop()


def test_without_the_extra_the_message_holds_the_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jgo", None)
    with pytest.raises(MissingExtra, match=r"pip install 'streamrec\[broker\]'"):
        runtime(lambda message: None)


def test_jars_that_cannot_be_fetched_name_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(endpoint: str) -> None:
        raise OSError("no network")

    monkeypatch.setattr("jgo.build", refuse)
    with pytest.raises(BrokerStartFailed, match=r"no network.*--broker"):
        runtime(lambda message: None)


@pytest.mark.parametrize("fault", [RuntimeError("no home"), FileNotFoundError(2, "No such file or directory", "/nowhere/.m2")])
def test_without_a_home_directory_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    def fail(*arguments: object) -> None:
        raise fault

    if isinstance(fault, RuntimeError):
        monkeypatch.setattr(Path, "home", fail)
    monkeypatch.setattr("jgo.build", fail)
    with pytest.raises(BrokerStartFailed, match="set HOME to a folder that can be written"):
        runtime(print)


def test_a_folder_may_have_any_name_in_any_locale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    folder = tmp_path / " José, 数据\\n #=:!"
    with EmbeddedBroker(folder) as bootstrap:
        client = KafkaAdminClient(bootstrap_servers=bootstrap)
        client.create_topics({"kept": {"num_partitions": 3, "replication_factor": 1}})
        client.close()
    with EmbeddedBroker(folder) as bootstrap:
        client = KafkaAdminClient(bootstrap_servers=bootstrap)
        kept = client.describe_topics(["kept"])
        client.close()
    assert [len(topic["partitions"]) for topic in kept] == [3]
    assert list(tmp_path.iterdir()) == [folder]
    assert (folder / "data" / "meta.properties").exists()


def test_a_folder_whose_name_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokerStartFailed, match="is not UTF-8, and Java cannot find it"):
        EmbeddedBroker(tmp_path / "a\udcff").start()
    assert list(tmp_path.iterdir()) == []
