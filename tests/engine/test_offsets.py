"""The group's offsets follow what partitions have saved, and nothing depends on their being there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

from faust.types.tuples import TP

from streamrec.engine.offsets import GroupOffsets
from streamrec.engine.partition import Partition
from streamrec.engine.store.mark import Mark


class Thread:
    """The consumer's thread; `away` is a broker that does not take a commit."""

    def __init__(self) -> None:
        self.commits: list[dict[TP, int]] = []
        self.away = False

    async def ask(self, work: Any) -> Any:
        return await work

    async def commit_positions(self, positions: Mapping[TP, int]) -> None:
        if self.away:
            raise ConnectionError("away")
        self.commits.append(dict(positions))


def partition(number: int, **positions: int) -> Partition:
    mark = Mark(positions, {}, {}) if positions else None
    return cast(Partition, SimpleNamespace(number=number, saved=mark))


def commit(offsets: GroupOffsets, thread: Thread, *partitions: Partition) -> None:
    asyncio.run(offsets.commit(partitions, cast(Any, thread)))


def test_only_what_has_moved_since_is_committed() -> None:
    offsets, thread = GroupOffsets(), Thread()
    commit(offsets, thread, partition(0, views=5, signals=7), partition(1, views=2), partition(2))
    commit(offsets, thread, partition(0, views=6, signals=7), partition(1, views=2))
    commit(offsets, thread, partition(0, views=6, signals=7), partition(1, views=2))
    assert thread.commits == [{TP("views", 0): 5, TP("signals", 0): 7, TP("views", 1): 2}, {TP("views", 0): 6}]


def test_two_families_of_one_partition_number_are_both_committed() -> None:
    offsets, thread = GroupOffsets(), Thread()
    commit(offsets, thread, partition(0, views=5), partition(0, signals=7))
    assert thread.commits == [{TP("views", 0): 5, TP("signals", 0): 7}]


def test_a_commit_that_fails_is_no_fault_and_is_made_up_for_by_the_next() -> None:
    offsets, thread = GroupOffsets(), Thread()
    thread.away = True
    commit(offsets, thread, partition(0, views=5))
    thread.away = False
    commit(offsets, thread, partition(0, views=5))
    assert thread.commits == [{TP("views", 0): 5}]
