"""Finding the records on which a processor raises."""

from __future__ import annotations

from typing import NamedTuple, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.events.records import Inbound
from streamrec.stream.guard import Batch
from streamrec.stream.quarantine import LIMIT, Quarantine


class Record(NamedTuple):
    topic: str
    offset: int


def _batch(start: int, end: int) -> Batch:
    return Batch("views", 0, 1, start, end, [cast(Inbound, Record("views", offset)) for offset in range(start, end)])


def _run(quarantine: Quarantine, batch: Batch, bad: set[int]) -> tuple[list[int], list[int]] | None:
    """What is processed and what is buried in one pass, or None when the processor raised."""
    good, buried, position = [], [], batch.start
    for piece in quarantine.pieces(batch):
        assert piece.start == position
        position = piece.end
        tried, condemned = quarantine.sort(piece.records)
        if bad & {record.offset for record in tried}:
            quarantine.blame(piece, tried, ValueError("bad"))
            return None
        good += [record.offset for record in tried]
        buried += [record.offset for record, _ in condemned]
    assert position == batch.end
    return good, buried


@given(size=st.integers(1, 3000), bad=st.sets(st.integers(0, 2999), max_size=5))
def test_every_bad_record_is_found_and_no_other_one(size: int, bad: set[int]) -> None:
    bad = {offset for offset in bad if offset < size}
    quarantine, batch = Quarantine(), _batch(0, size)
    rounds = 1
    while (found := _run(quarantine, batch, bad)) is None:
        rounds += 1
    good, buried = found
    assert buried == sorted(bad)
    assert good == sorted(set(range(size)) - bad)
    assert rounds <= 4 + 4 * len(bad)


def test_a_batch_that_is_not_suspected_stays_whole() -> None:
    quarantine = Quarantine()
    assert _run(quarantine, _batch(0, 100), {7}) is None
    assert list(quarantine.pieces(_batch(100, 300))) == [_batch(100, 300)]
    assert [len(piece.records) for piece in quarantine.pieces(_batch(100, 300))] == [200]


def test_a_batch_without_records_passes() -> None:
    quarantine = Quarantine()
    empty = Batch("views", 0, 1, 5, 9, [])
    assert list(quarantine.pieces(empty)) == [empty]
    assert _run(quarantine, _batch(0, 20), {7}) is None
    assert list(quarantine.pieces(empty)) == [empty]


def test_too_many_bad_records_speak_against_the_code() -> None:
    quarantine = Quarantine()
    for offset in range(LIMIT):
        piece = _batch(offset, offset + 1)
        quarantine.blame(piece, piece.records, ValueError("bad"))
    piece = _batch(LIMIT, LIMIT + 1)
    with pytest.raises(ValueError, match="bad"):
        quarantine.blame(piece, piece.records, ValueError("bad"))
