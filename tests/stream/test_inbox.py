"""Batches that wait."""

from __future__ import annotations

from typing import NamedTuple, cast

from faust.types.tuples import TP
from hypothesis import given
from hypothesis import strategies as st

from streamrec.events.records import Inbound
from streamrec.stream.guard import Batch
from streamrec.stream.inbox import Inbox

A = TP("views", 0)


class Record(NamedTuple):
    offset: int


def _batch(start: int, end: int, epoch: int = 1) -> Batch:
    return Batch("views", 0, epoch, start, end, [cast(Inbound, Record(offset)) for offset in range(start, end)])


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


def test_what_was_fetched_before_a_seek_gives_way() -> None:
    inbox = Inbox(10)
    inbox.put(_batch(0, 5))
    inbox.put(_batch(3, 5, epoch=2))
    assert inbox.take(A) == _batch(3, 5, epoch=2)
    inbox.put(_batch(5, 6, epoch=2))
    inbox.drop(A)
    assert A not in inbox
    assert inbox.tps() == []
