"""Whatever Kafka's clients raise in the middle of a command is one line of ours."""

from __future__ import annotations

import aiokafka.errors
import kafka.errors
import pytest

from streamrec.cli.support.faults import kafka_faults
from streamrec.errors import BrokerUnavailable, InputError
from tests.cli.conftest import Cli

OF_BOTH = [
    found
    for module in (kafka.errors, aiokafka.errors)
    for found in vars(module).values()
    if isinstance(found, type) and issubclass(found, module.KafkaError) and found is not aiokafka.errors.BrokerResponseError
]


@pytest.mark.parametrize("kind", OF_BOTH, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_error_of_both_libraries_is_mapped_with_its_cause(kind: type[Exception]) -> None:
    cause = kind.__new__(kind, "too late")
    with pytest.raises(BrokerUnavailable, match=f"Kafka at k:1 did not answer, or refused.*{kind.__name__}") as told, kafka_faults("k:1"):
        raise cause
    assert told.value.__cause__ is cause


@pytest.mark.parametrize("fault", [InputError("a file"), ValueError("a bug"), KeyboardInterrupt()])
def test_other_errors_stay_what_they_are(fault: BaseException) -> None:
    with pytest.raises(type(fault)) as told, kafka_faults("k:1"):
        raise fault
    assert told.value is fault


@pytest.mark.parametrize("kind", [kafka.errors.RequestTimedOutError, kafka.errors.KafkaTimeoutError, aiokafka.errors.KafkaConnectionError])
def test_a_command_ends_with_one_line_and_1(cli: Cli, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]) -> None:
    def stopped(*arguments: object) -> None:
        raise kind

    monkeypatch.setattr("streamrec.kafka.topics.describe", stopped)
    for arguments in (
        ["topics", "describe"],
        ["dlq", "ls"],
        ["watch"],
        ["rules", "ls"],
        ["learn", "status"],
        ["explain", "streamrec.views-0-1"],
    ):
        done = cli(*arguments, "--broker", "127.0.0.1:1")
        assert (done.code, done.out) == (1, "")
        error = done.err.splitlines()[-1]
        assert error.startswith("error: Kafka at 127.0.0.1:1 did not answer, or refused, while the command ran (")
        assert error.count(kind.__name__) == 1
