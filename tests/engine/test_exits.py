"""How faults become exit codes."""

from __future__ import annotations

import errno

import pytest
from aiokafka.errors import KafkaTimeoutError, OffsetOutOfRangeError, ProducerFenced, UnsupportedCodecError

from streamrec.engine import exits
from streamrec.errors import Stalled, StateMismatch


@pytest.mark.parametrize(
    ("fault", "code", "advice"),
    [
        (StateMismatch("choose another"), exits.STATE, "choose another"),
        (Stalled("start it again"), exits.STALLED, "start it again"),
        (OSError(errno.ENOSPC, "No space left on device"), exits.DISK_FULL, "make room"),
        (Exception("IO error: No space left on device: While appending to file: 000012.log"), exits.DISK_FULL, "/data is full"),
        (ProducerFenced(), exits.FENCED, "start it again"),
        (OffsetOutOfRangeError({}), exits.STATE, "retention"),
        (UnsupportedCodecError("lz4"), exits.FAULT, "pip install cramjam"),
        (KafkaTimeoutError(), exits.KAFKA, "brokers"),
        (ValueError("boom"), exits.FAULT, "ValueError: boom"),
    ],
)
def test_every_fault_has_its_code_and_says_what_to_do(fault: Exception, code: int, advice: str) -> None:
    found, message = exits.explain(fault, "/data")
    assert found == code
    assert advice in message


def test_every_code_is_described() -> None:
    assert sorted(exits.CODES) == [3, 4, 5, 6, 7, 8]
