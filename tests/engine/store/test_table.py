"""The rows between pure code and disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from streamrec.contract.processor import Processor
from streamrec.engine.store.disk import Disk
from streamrec.engine.store.mark import Stamp
from streamrec.engine.store.table import ENTRY_BYTES, Budget, Packed, Table
from streamrec.errors import StateMismatch

CACHE = 2
ROW_BYTES = ENTRY_BYTES + 1


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

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        return [self.rows.get(key) for key in keys]

    def write(self, packed: Packed) -> None:
        for key, value in packed.items():
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value


KEYS = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])


class TableMachine(RuleBasedStateMachine):
    """Whatever the order of batches and steps of a checkpoint, the table gives what a dict gives, and the disk what was last saved."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = DictDisk()
        budget = Budget(CACHE * ROW_BYTES)
        self.table: Table[list[int]] = Table(cast(Disk, self.disk), cast("Processor[list[int]]", Packing()), budget)
        self.model: dict[bytes, int] = {}
        self.committed: dict[bytes, int] = {}
        self.saving: tuple[Packed, dict[bytes, int]] | None = None

    @rule(keys=st.lists(KEYS | st.none()))
    def expect(self, keys: list[bytes | None]) -> None:
        if self.model == self.committed:  # a batch expects before it changes
            self.table.expect(keys)

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
    def commit(self) -> None:
        self.table.seal()
        self.table.commit()
        self.committed = dict(self.model)

    @rule(key=KEYS)
    def raise_and_abandon(self, key: bytes) -> None:
        row = self.table.get(key)
        if row is not None:
            row[0] = 0  # changed by code that raised before it could say so
        self.table.abandon()
        self.model = dict(self.committed)

    @rule()
    def snapshot(self) -> None:
        if self.saving is None:
            self.saving = self.table.snapshot(), dict(self.committed)
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


TestTable = TableMachine.TestCase
TestTable.settings = profile(max_examples=200, stateful_step_count=30, deadline=None)


def _table(disk: object, budget: Budget) -> Table[list[int]]:
    return Table(cast(Disk, disk), cast("Processor[list[int]]", Packing()), budget)


def test_rows_beyond_the_budget_are_let_go_and_read_from_disk_again(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk")
    table = _table(disk, Budget(CACHE * ROW_BYTES))
    for number in range(10):
        table.put(b"row-%d" % number, [number])
    table.seal()
    table.commit()
    disk.write(table.snapshot().items())
    assert len(table) == 10, "rows are pinned while they are written"
    table.saved()
    assert len(table) == CACHE
    assert [table.get(b"row-%d" % number) for number in range(10)] == [[number] for number in range(10)]
    disk.close()


def test_reading_alone_does_not_fill_memory(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk")
    table = _table(disk, Budget(CACHE * ROW_BYTES))
    disk.write([(b"row-%d" % number, bytes([number])) for number in range(50)])
    table.expect(b"row-%d" % number for number in range(50))
    assert table.get(b"row-7") == [7]
    table.seal()
    table.commit()
    assert len(table) == 0
    disk.close()


def test_tables_share_one_budget_by_what_they_hold() -> None:
    budget = Budget(12 * ROW_BYTES)
    large, small = (_table(DictDisk(), budget) for _ in range(2))
    for table, rows in ((large, 30), (small, 10), (large, 0)):
        for number in range(rows):
            table.put(b"row-%d" % number, [number])
        table.seal()
        table.commit()
        cast(DictDisk, table._disk).write(table.snapshot())
        table.saved()
    assert len(large) + len(small) <= 12 + 1
    assert len(large) > len(small) > 0
    small.close()
    assert budget.rows(large, 10, 1) == 10, "who has left takes nothing"


def test_a_batch_whose_rows_cannot_be_packed_changes_nothing() -> None:
    class Picky(Packing):
        def pack(self, row: list[int]) -> bytes:
            return bytes(row)  # raises beyond 255

    table: Table[list[int]] = Table(cast(Disk, DictDisk()), cast("Processor[list[int]]", Picky()), Budget(100))
    table.put(b"a", [1])
    table.put(b"b", [256])
    with pytest.raises(ValueError, match="256"):
        table.seal()
    table.abandon()
    assert (table.get(b"a"), table.get(b"b"), table.dirty) == (None, None, False)


def test_a_row_that_cannot_be_read_is_no_fault_of_an_event() -> None:
    class Newer(Packing):
        def unpack(self, raw: bytes) -> list[int]:
            raise ValueError("version 9")

    disk = DictDisk()
    disk.rows[b"a"] = b"9"
    table: Table[list[int]] = Table(cast(Disk, disk), cast("Processor[list[int]]", Newer()), Budget(100))
    with pytest.raises(StateMismatch, match=r"version 9.*later version"):
        table.get(b"a")


def test_keys_of_the_engine_are_refused() -> None:
    table = _table(DictDisk(), Budget(CACHE * ROW_BYTES))
    table.put(b"\0mark", [1])
    with pytest.raises(ValueError, match="engine"):
        table.seal()
    table.abandon()
    table.delete(b"\0stamp")
    with pytest.raises(ValueError, match="engine"):
        table.seal()


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


def test_what_was_written_is_there_after_a_kill(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from streamrec.engine.store.disk import Disk; from streamrec.engine.store.mark import Stamp\n"
        "disk = Disk(pathlib.Path(sys.argv[1]))\n"
        "for number in range(200):\n"
        "  disk.write([(b'a', b'%d' % number), (b'fill-%d' % number, bytes(100_000))], Stamp('log', number, 1, None))\n"
        "os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path / "disk")], check=False).returncode == 9
    disk = Disk(tmp_path / "disk")
    assert (disk.get(b"a"), disk.stamp) == (b"199", Stamp("log", 199, 1, None))
    assert None not in disk.get_many([b"fill-%d" % number for number in range(200)])
    disk.close()
