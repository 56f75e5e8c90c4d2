"""What a processor does to rows and memories counts as a whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from msgspec import field

from streamrec.contract.memory import Memory
from streamrec.contract.processor import Shard
from streamrec.engine.partition import Family, Partition, transact
from streamrec.engine.store.changelog import Changelog
from streamrec.engine.store.memory import MemoryStore
from streamrec.engine.store.table import Budget


class Notes(Memory):
    """A number, and numbers by name."""

    count: int = 0
    by_name: dict[str, int] = field(default_factory=dict)


class Numbers:
    """Rows are numbers of one byte."""

    memory = Notes

    def pack(self, row: int) -> bytes:
        return bytes([row])  # raises beyond 255

    def unpack(self, raw: bytes) -> int:
        return raw[0]


@pytest.fixture
def pair() -> list[Partition]:
    """Two partitions without Kafka, each with a row."""
    family = Family("user", ("views",), "log", cast("Any", Numbers()))
    made = [Partition(family, number, cast(Changelog, None), MemoryStore(), Budget(1000)) for number in range(2)]
    transact(made, lambda shards: [shard.rows.put(b"row", 1) for shard in shards])
    return made


def change(shards: Sequence[Shard[int, Notes]]) -> list[int]:
    for shard in shards:
        shard.rows.put(b"row", (shard.rows.get(b"row") or 0) + 1)
        shard.rows.delete(b"other")
        shard.memory.count += 1
        shard.memory.by_name["a"] = shard.number
    return [shard.number for shard in shards]


def held(partitions: Sequence[Partition]) -> list[tuple[int, Notes]]:
    return [(partition.find(lambda rows: rows.get(b"row")), cast(Notes, partition.memory)) for partition in partitions]


def test_what_ran_to_its_end_counts_in_every_partition(pair: list[Partition]) -> None:
    assert transact(pair, change) == [0, 1]
    assert held(pair) == [(2, Notes(1, {"a": 0})), (2, Notes(1, {"a": 1}))]


def raises(shards: Sequence[Shard[int, Notes]]) -> None:
    change(shards)
    raise RuntimeError("boom")


def too_large(shards: Sequence[Shard[int, Notes]]) -> None:
    change(shards)
    shards[1].rows.put(b"row", 256)


@pytest.mark.parametrize("work", [raises, too_large])
def test_where_one_partition_cannot_be_done_none_is(pair: list[Partition], work: Callable[[Any], None]) -> None:
    transact(pair, change)
    before = held(pair)
    with pytest.raises((RuntimeError, ValueError)):
        transact(pair, work)
    assert held(pair) == before == [(2, Notes(1, {"a": 0})), (2, Notes(1, {"a": 1}))]


def test_a_look_at_the_rows_changes_none(pair: list[Partition]) -> None:
    pair[0].find(lambda rows: rows.put(b"row", 9))
    assert held(pair)[0][0] == 1
