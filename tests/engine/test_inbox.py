"""Batches that wait."""

from __future__ import annotations

from typing import NamedTuple, cast

import pytest
from faust.types.tuples import TP
from hypothesis import given
from hypothesis import strategies as st

from streamrec.contract.records import Headers, Inbound
from streamrec.engine import inbox as inbox_module
from streamrec.engine.guard import Batch
from streamrec.engine.inbox import Inbox

A = TP("views", 0)


class Record(NamedTuple):
    offset: int
    key: bytes | None = None
    value: bytes | None = b""
    headers: Headers = ()


def _batch(start: int, end: int, epoch: int = 1, value: bytes = b"", headers: Headers = ()) -> Batch:
    records = [Record(offset, value=value, headers=headers) for offset in range(start, end)]
    return Batch("views", 0, epoch, start, end, [cast(Inbound, record) for record in records])


@given(sizes=st.lists(st.integers(0, 30), min_size=1, max_size=8), most=st.integers(1, 20))
def test_whatever_is_put_in_comes_out_in_order_and_in_batches_that_join(sizes: list[int], most: int) -> None:
    inbox, position = Inbox(most), 0
    for size in sizes:
        inbox.put(_batch(position, position + size))
        position += size
    taken: list[int] = []
    end = 0
    while A in inbox:
        full = inbox.full(A)
        batch = inbox.take(A)
        assert full == (len(batch.records) == most)
        assert batch.start == end
        assert len(batch.records) <= most
        end = batch.end
        taken += [record.offset for record in batch.records]
    assert taken == list(range(position))
    assert end == position


@given(sizes=st.lists(st.integers(0, 5), min_size=1, max_size=8), most=st.integers(1, 9))
def test_the_inbox_knows_how_much_it_holds(sizes: list[int], most: int) -> None:
    inbox, position = Inbox(most), 0
    for size in sizes:
        inbox.put(_batch(position, position + size, value=b"12345"))
        position += size
    left = sum(sizes)
    while A in inbox:
        assert (len(inbox), inbox._waiting[A].bytes) == (left, 5 * left)
        left -= len(inbox.take(A).records)
    assert (len(inbox), left) == (0, 0)


def test_what_was_fetched_before_a_seek_gives_way() -> None:
    inbox = Inbox(10)
    inbox.put(_batch(0, 5))
    inbox.put(_batch(3, 5, epoch=2))
    assert inbox.take(A) == _batch(3, 5, epoch=2)
    inbox.put(_batch(5, 6, epoch=2))
    inbox.drop(A)
    assert A not in inbox
    assert not inbox.tps()


def test_a_partition_with_large_records_is_full_before_it_has_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "FULL_BYTES", 1000)
    inbox = Inbox(10)
    inbox.put(_batch(0, 1, value=b"x" * 600))
    assert not inbox.full(A)
    inbox.put(_batch(1, 2, headers=(("trace", b"x" * 600), ("none", None))))
    assert inbox.full(A)
    inbox.take(A)
    assert not inbox.full(A)
