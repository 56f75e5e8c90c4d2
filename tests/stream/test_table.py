"""The rows between pure code and disk."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from streamrec.errors import StateMismatch
from streamrec.processors.base import Processor
from streamrec.stream.disk import Disk
from streamrec.stream.mark import Stamp
from streamrec.stream.table import Budget, Packed, Table

CACHE = 2
ROW_BYTES = len(b"row-0") + 1


class Packing:
    """A processor that only packs: a row is a list of one number."""

    def pack(self, row: list[int]) -> bytes:
        return bytes(row)

    def unpack(self, raw: bytes) -> list[int]:
        return list(raw)


class DictDisk:
    """A disk in memory."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    def write(self, packed: Packed) -> None:
        for key, value in packed:
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value


KEYS = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])


class TableMachine(RuleBasedStateMachine):
    """Whatever the order of changes and steps of a checkpoint, the table gives what a dict gives, and the disk what was last saved."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = DictDisk()
        self.table: Table[list[int]] = Table(cast(Disk, self.disk), cast("Processor[list[int]]", Packing()), Budget(CACHE))
        self.model: dict[bytes, int] = {}
        self.saving: tuple[Packed, dict[bytes, int]] | None = None

    @rule(key=KEYS, value=st.integers(0, 255))
    def put(self, key: bytes, value: int) -> None:
        row = self.table.get(key)
        if row is None:
            row = [value]
        row[0] = value
        self.table.put(key, row)
        self.model[key] = value

    @rule(key=KEYS)
    def delete(self, key: bytes) -> None:
        self.table.delete(key)
        self.model.pop(key, None)

    @rule(key=KEYS)
    def get(self, key: bytes) -> None:
        row = self.table.get(key)
        assert (row[0] if row else None) == self.model.get(key)

    @rule()
    def snapshot(self) -> None:
        if self.saving is None:
            self.saving = self.table.snapshot(), dict(self.model)
            assert not self.table.dirty

    @rule()
    def save(self) -> None:
        if self.saving is not None:
            packed, model = self.saving
            self.disk.write(packed)
            self.table.saved()
            assert len(self.table) <= CACHE + len(self.table._dirty)
            assert {key: raw[0] for key, raw in self.disk.rows.items()} == model
            self.saving = None

    @rule(key=KEYS)
    def raise_and_revert(self, key: bytes) -> None:
        if self.saving is None:
            row = self.table.get(key)
            if row is not None:
                row[0] = 0  # changed by code that raised before it could say so
            self.table.revert()
            self.model = {key: raw[0] for key, raw in self.disk.rows.items()}


TestTable = TableMachine.TestCase
TestTable.settings = profile(max_examples=200, stateful_step_count=30, deadline=None)


def test_rows_beyond_the_cache_are_let_go_and_read_from_disk_again(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk")
    table: Table[list[int]] = Table(disk, cast("Processor[list[int]]", Packing()), Budget(CACHE * ROW_BYTES))
    for number in range(10):
        table.put(b"row-%d" % number, [number])
    disk.write(table.snapshot())
    assert len(table) == 10, "rows are pinned while they are written"
    table.saved()
    assert len(table) == CACHE
    assert [table.get(b"row-%d" % number) for number in range(10)] == [[number] for number in range(10)]
    disk.close()


def test_reading_alone_does_not_fill_memory(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk")
    table: Table[list[int]] = Table(disk, cast("Processor[list[int]]", Packing()), Budget(CACHE * ROW_BYTES))
    disk.write([(b"row-%d" % number, bytes([number])) for number in range(50)])
    for number in range(50):
        table.get(b"row-%d" % number)
    table.snapshot()
    table.saved()
    assert len(table) <= CACHE
    disk.close()


def test_tables_share_one_budget_by_what_they_hold(tmp_path: Path) -> None:
    budget = Budget(12 * ROW_BYTES)
    large, small = (Table[list[int]](cast(Disk, DictDisk()), cast("Processor[list[int]]", Packing()), budget) for _ in range(2))
    for table, rows in ((large, 30), (small, 10), (large, 0)):
        for number in range(rows):
            table.put(b"row-%d" % (number % 10) + b"x" * (number // 10), [number])
        cast(DictDisk, table._disk).write(table.snapshot())
        table.saved()
    assert len(large) + len(small) <= 12 + 1
    assert len(large) > len(small) > 0
    small.close()
    assert budget.rows(large, 10, ROW_BYTES) == 10, "who has left takes nothing"


def test_a_row_that_cannot_be_read_is_no_fault_of_an_event(tmp_path: Path) -> None:
    class Newer(Packing):
        def unpack(self, raw: bytes) -> list[int]:
            raise ValueError("version 9")

    disk = DictDisk()
    disk.rows[b"a"] = b"9"
    table: Table[list[int]] = Table(cast(Disk, disk), cast("Processor[list[int]]", Newer()), Budget(100))
    with pytest.raises(StateMismatch, match=r"version 9.*later version"):
        table.get(b"a")


def test_keys_of_the_engine_are_refused(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk")
    table: Table[list[int]] = Table(disk, cast("Processor[list[int]]", Packing()), Budget(CACHE * ROW_BYTES))
    with pytest.raises(ValueError, match="engine"):
        table.put(b"\0mark", [1])
    with pytest.raises(ValueError, match="engine"):
        table.delete(b"\0stamp")
    disk.close()


def test_a_wiped_disk_is_empty_and_a_written_one_comes_back(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk")
    stamp = Stamp("log", 7, 1, b"mark")
    disk.write([(b"a", b"1"), (b"b", b"2")], stamp)
    disk.write([(b"a", None)])
    disk.close()
    disk = Disk(tmp_path / "disk")
    assert (disk.get(b"a"), disk.get(b"b"), disk.stamp) == (None, b"2", stamp)
    disk.wipe()
    assert (disk.get(b"b"), disk.stamp) == (None, None)
    disk.close()


def test_a_disk_that_a_killed_process_left_half_made_is_built_anew(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk")
    disk.write([(b"a", b"1")], Stamp("log", 7, 1, None))
    disk.close()
    for manifest in (tmp_path / "disk").glob("MANIFEST*"):
        manifest.unlink()
    disk = Disk(tmp_path / "disk")
    assert (disk.get(b"a"), disk.stamp) == (None, None)
    disk.close()
