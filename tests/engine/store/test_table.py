"""The rows between pure code and disk."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from streamrec.contract.memory import Memory
from streamrec.contract.processor import Processor
from streamrec.engine.store.disk import Disk
from streamrec.engine.store.memory import MemoryStore
from streamrec.engine.store.store import Store
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


def _table(store: Store, budget: Budget, processor: Packing | None = None) -> Table[list[int]]:
    return Table(store, cast("Processor[list[int], Memory]", processor or Packing()), budget)


KEYS = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])


class TableMachine(RuleBasedStateMachine):
    """Whatever the order of batches and steps of a checkpoint, the table gives what a dict gives, and the disk what was last saved."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        budget = Budget(CACHE * ROW_BYTES)
        self.table: Table[list[int]] = _table(self.store, budget)
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
            self.store.write(packed.items())
            self.table.saved()
            assert len(self.table) <= CACHE + len(self.table._dirty)
            assert {key: raw[0] for key, raw in self.store.rows.items()} == model
            self.saving = None


TestTable = TableMachine.TestCase
TestTable.settings = profile(max_examples=200, stateful_step_count=30, deadline=None)


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
    stores = MemoryStore(), MemoryStore()
    large, small = (_table(store, budget) for store in stores)
    for table, store, rows in ((large, stores[0], 30), (small, stores[1], 10), (large, stores[0], 0)):
        for number in range(rows):
            table.put(b"row-%d" % number, [number])
        table.seal()
        table.commit()
        store.write(table.snapshot().items())
        table.saved()
    assert len(large) + len(small) <= 12 + 1
    assert len(large) > len(small) > 0
    small.close()
    assert budget.rows(large, 10, 1) == 10, "who has left takes nothing"


def test_a_batch_whose_rows_cannot_be_packed_changes_nothing() -> None:
    class Picky(Packing):
        def pack(self, row: list[int]) -> bytes:
            return bytes(row)  # raises beyond 255

    table = _table(MemoryStore(), Budget(100), Picky())
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

    store = MemoryStore()
    store.write([(b"a", b"9")])
    table = _table(store, Budget(100), Newer())
    with pytest.raises(StateMismatch, match=r"version 9.*later version"):
        table.get(b"a")


def test_keys_of_the_engine_are_refused() -> None:
    table = _table(MemoryStore(), Budget(CACHE * ROW_BYTES))
    table.put(b"\0mark", [1])
    with pytest.raises(ValueError, match="engine"):
        table.seal()
    table.abandon()
    table.delete(b"\0stamp")
    with pytest.raises(ValueError, match="engine"):
        table.seal()
