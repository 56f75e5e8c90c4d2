"""`streamrec doctor`: finds what is wrong and says what to do."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer
from kafka.errors import RequestTimedOutError

from streamrec.bert import card
from streamrec.bert.folder import SHIPPED, seal
from streamrec.bert.reference import Reference
from streamrec.catalogue.sketch import Sketch
from streamrec.doctor import kafka as kafka_checks
from streamrec.doctor import machine
from streamrec.engine import exits
from streamrec.engine.store.folder import FAULT, Fault, forget_fault, write_fault
from streamrec.events.partitioner import partition_of
from streamrec.ranking.scorers.blend import Blend
from streamrec.settings import Settings, load
from streamrec.worker.blend_choice import BlendChoice
from tests.cli.conftest import Cli


def by_name(done: Any) -> dict[str, Any]:
    return {check["name"]: check for check in done.last["checks"]}


def send(settings: Settings, count: int, *, strayed: int) -> None:
    """Views, the first `strayed` of them in another partition than murmur2 gives."""
    producer = KafkaProducer(bootstrap_servers=settings.broker)
    for number in range(count):
        key = f"u{number}".encode()
        partition = (partition_of(key, settings.partitions) + (number < strayed)) % settings.partitions
        producer.send(settings.topic("views"), b"{}", key, partition=partition)
    producer.close()


@pytest.mark.kafka
def test_a_sound_installation_passes(cli: Cli, kafka: Settings) -> None:
    send(kafka, 50, strayed=0)
    done = cli("doctor", "--broker", kafka.broker, "--prefix", kafka.prefix, "--json")
    checks = by_name(done)
    here = {"python", "libraries", "compiled", "jvm", "model", "provider", "blend", "data folder", "last run"}
    assert set(checks) == here | {"broker", "topics", "keys", "catalogue"}
    assert {check["state"] for check in checks.values()} <= {"ok", "warn"}, checks
    assert (done.code, done.last["healthy"]) == (0, True)
    assert "ExecutionProvider, pairs in " in checks["provider"]["found"]
    assert checks["keys"]["found"].startswith("50 recent records")
    assert "ok    keys: 50 recent" in cli("doctor", "--broker", kafka.broker, "--prefix", kafka.prefix, "--scoring", "off").out


@pytest.mark.kafka
def test_a_producer_with_another_partitioner_is_told_its_setting(cli: Cli, kafka: Settings) -> None:
    send(kafka, 40, strayed=30)
    done = cli("doctor", "--broker", kafka.broker, "--prefix", kafka.prefix, "--scoring", "off", "--json")
    keys = by_name(done)["keys"]
    assert (done.code, keys["state"]) == (1, "fail")
    assert f"30 of 40 recent records of {kafka.prefix}views" in keys["found"]
    assert "partitioner=murmur2_random" in keys["advice"]


@pytest.mark.kafka
def test_a_single_stray_event_is_a_warning(kafka: Settings) -> None:
    send(kafka, 40, strayed=1)
    assert kafka_checks.keys(kafka).state == "warn"


@pytest.mark.kafka
def test_a_catalogue_that_the_blend_does_not_know_is_a_warning(kafka: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    sketch = Sketch.of([f"own-{number}" for number in range(20)])
    monkeypatch.setattr(kafka_checks, "own_choice", lambda used: BlendChoice(used, replace(Blend.plain(), version="trained"), sketch))
    assert "until there are enough items" in kafka_checks.catalogue(kafka).found
    producer = KafkaProducer(bootstrap_servers=kafka.broker)
    for number in range(20):
        producer.send(kafka.topic("items"), b"{}", f"other-{number}".encode())
    producer.send(kafka.topic("items"), b"{}", b"own-1")
    producer.send(kafka.topic("items"), None, b"own-1")
    producer.flush()
    told = kafka_checks.catalogue(kafka)
    assert told.state == "warn"
    assert "trained on 0 of the 20 items compared" in told.found
    assert "`streamrec train all`" in told.found
    for number in range(10):
        producer.send(kafka.topic("items"), b"{}", f"own-{number}".encode())
    producer.close()
    assert kafka_checks.catalogue(kafka).state == "ok"


@pytest.mark.kafka
def test_missing_topics_and_wrong_partitions_fail_with_advice(cli: Cli, kafka: Settings) -> None:
    missing = by_name(cli("doctor", "--broker", kafka.broker, "--prefix", "nowhere.", "--scoring", "off", "--json"))["topics"]
    assert (missing["state"], missing["advice"]) == ("fail", "run `streamrec topics create`")
    wrong = by_name(cli("doctor", "--broker", kafka.broker, "--prefix", kafka.prefix, "--partitions", 3, "--scoring", "off", "--json"))
    assert wrong["topics"]["state"] == "fail"
    assert "set STREAMREC_PARTITIONS=8" in wrong["topics"]["advice"]
    assert "keys" not in wrong


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_broker_and_a_damaged_model_fail_with_advice(cli: Cli, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(SHIPPED, damaged)
    (damaged / "config.json").write_text(json.dumps({}))
    done = cli("doctor", "--broker", "127.0.0.1:1", "--broker-patience-s", 0.2, "--model", damaged, "--json")
    checks = by_name(done)
    assert done.code == 1
    assert checks["broker"]["state"] == "fail"
    assert "`streamrec broker start`" in checks["broker"]["found"]
    assert checks["model"]["state"] == "fail"
    assert "config.json" in checks["model"]["found"]
    assert "topics" not in checks


def test_the_precision_comes_with_the_reason_for_it(tmp_path: Path) -> None:
    _, provider, _ = machine.model(load(device="cpu"))
    assert provider.state == "ok"
    assert "pairs in int8 (" in provider.found
    assert "like fp32 on this processor" in provider.found
    unlike = tmp_path / "unlike"
    shutil.copytree(SHIPPED, unlike)
    users, items = [[9, 10], [11], [12, 13]], [[14], [15], [16]]
    Reference(users, items, [1.0, 1.0, 1.0]).save(unlike)
    seal(unlike)
    _, provider, _ = machine.model(load(device="cpu", model=unlike))
    assert provider.state == "warn"
    assert "pairs in fp32 (int8 is only " in provider.found
    assert "export the model anew" in provider.advice
    _, provider, _ = machine.model(load(device="cpu", model=unlike, precision="int8"))
    assert provider.state == "warn"
    assert "pairs in int8 (set, though only " in provider.found
    assert "precision=auto" in provider.advice


CUDA_PROVIDER, CPU_PROVIDER = "CUDAExecutionProvider", "CPUExecutionProvider"


def test_what_is_left_of_the_card_is_said_and_too_little_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "memory", lambda: card.Memory("H100", 3000, 81559))
    (check,) = machine.card(load(gpu_memory_mb=2000), CUDA_PROVIDER)
    assert (check.state, check.found) == ("ok", "H100, 3000 of 81559 MiB free with the model loaded")
    (check,) = machine.card(load(), CUDA_PROVIDER)
    assert check.state == "warn"
    assert "lower gpu_memory_mb" in check.advice


def test_a_card_on_which_the_model_does_not_run_is_a_warning_unless_the_cpu_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "memory", lambda: card.Memory("H100", 80000, 81559))
    (check,) = machine.card(load(), CPU_PROVIDER)
    assert (check.state, check.found) == ("warn", "H100 is there, but the model runs on the CPU")
    assert machine.card(load(device="cpu"), CPU_PROVIDER) == []


def test_without_a_driver_to_ask_only_a_model_on_the_card_is_worth_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "memory", lambda: None)
    assert machine.card(load(), CPU_PROVIDER) == []
    (check,) = machine.card(load(), CUDA_PROVIDER)
    assert check.state == "ok"


def test_a_data_folder_that_cannot_be_made_fails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check = machine.data_folder(load(data_dir=tmp_path / "file" / "state"))
    assert check.state == "fail"
    assert "--data-dir" in check.advice


def test_little_room_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "_free", lambda folder: 1 << 20)
    assert machine.data_folder(load(data_dir=tmp_path)).state == "warn"


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LIBRARIES", ("numpy", "no-such-library"))
    check = machine.libraries()
    assert (check.state, check.found) == ("fail", "missing: no-such-library")


@pytest.mark.kafka
@pytest.mark.parametrize(("step", "check"), [("keys", "keys"), ("topics.describe", "broker")])
def test_a_broker_that_stands_still_amid_the_checks_fails_its_check_and_no_other(
    cli: Cli, kafka: Settings, monkeypatch: pytest.MonkeyPatch, step: str, check: str
) -> None:
    def still(*arguments: object) -> None:
        raise RequestTimedOutError

    monkeypatch.setattr(f"streamrec.doctor.kafka.{step}", still)
    done = cli("doctor", "--broker", kafka.broker, "--prefix", kafka.prefix, "--scoring", "off", "--json")
    assert {name for name, found in by_name(done).items() if found["state"] == "fail"} == {check}
    assert done.code == 1


@pytest.mark.parametrize(("code", "advice"), [(exits.STATE, "streamrec state repair --dry-run"), (exits.KAFKA, "the worker's log")])
def test_the_fault_that_ended_the_last_worker_is_told_until_one_runs_well(tmp_path: Path, code: int, advice: str) -> None:
    settings = load(data_dir=tmp_path)
    assert machine.last_run(settings).state == "ok"
    write_fault(tmp_path, Fault(1_700_000_000_000, code, "what went wrong; what to do"))
    told = machine.last_run(settings)
    assert told.state == "fail"
    assert f"at 2023-11-14 22:13:20+00:00 with code {code}: what went wrong; what to do" in told.found
    assert told.advice is not None
    assert advice in told.advice
    forget_fault(tmp_path)
    assert machine.last_run(settings).state == "ok"


def test_a_note_of_a_fault_that_was_cut_off_is_none(tmp_path: Path) -> None:
    (tmp_path / FAULT).write_text('{"ts": 17')
    assert machine.last_run(load(data_dir=tmp_path)).state == "ok"
