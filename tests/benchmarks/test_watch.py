"""When all partitions count as served again after a fault."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import pytest

from benchmarks.faults import watch
from benchmarks.faults.watch import Watch
from streamrec.settings import Settings


class Consumer:
    """One that never reads anything; the lists of the test are given to the watch itself."""

    def __init__(self, **settings: Any) -> None:
        pass

    def assign(self, partitions: Any) -> None: ...

    def seek_to_beginning(self, *partitions: Any) -> None: ...

    def poll(self, timeout_ms: int) -> dict[Any, Any]:
        return {}

    def close(self) -> None:
        pass


class Record(NamedTuple):
    value: bytes
    timestamp: int


def made(list_id: str, at: float) -> Record:
    return Record(f'{{"list_id": "{list_id}", "user_id": "u", "covers": []}}'.encode(), int(1000 * at))


def test_served_is_when_every_partition_has_a_new_list_made_since(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "KafkaConsumer", Consumer)
    watching = Watch(Settings(partitions=2))
    try:
        fault = time.time()
        watching._note(0, [made("before", fault - 1)])
        watching._note(1, [made("other", fault + 1)])
        assert watching.served_since(fault) is None, "what was made before the fault is no sign of life"
        watching._note(0, [made("other", fault + 1)])
        assert watching.served_since(fault) is None, "nor is a list that was there before"
        watching._note(0, [made("after", fault + 1)])
        served = watching.served_since(fault)
        assert served is not None
        assert fault <= served <= time.time(), "the time counts at which it could be read"
        assert watching.wait_served(fault, patience_s=0) == served
        assert watching.wait_served(served + 60, patience_s=0) is None
    finally:
        watching.close()
