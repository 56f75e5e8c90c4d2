"""Finding the records on which a processor raises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.errors import BadEvent, StateMismatch
from streamrec.events.records import Inbound, Record
from streamrec.processors.base import Outcome
from streamrec.stream.quarantine import LIMIT, Quarantine


def _records(count: int) -> list[Inbound]:
    return [Record("views", 0, offset, 0, b"key", b"value", ()) for offset in range(count)]


def _raising_on(bad: set[int], calls: list[int]) -> Any:
    def process(records: Sequence[Inbound]) -> Outcome:
        calls.append(len(records))
        if bad & {record.offset for record in records}:
            raise ValueError("bad")
        return Outcome()

    return process


@given(size=st.integers(1, 3000), bad=st.sets(st.integers(0, 2999), max_size=5))
def test_every_bad_record_is_found_and_no_other_one(size: int, bad: set[int]) -> None:
    bad = {offset for offset in bad if offset < size}
    calls: list[int] = []
    pieces = Quarantine().sift(_raising_on(bad, calls), _records(size))
    assert [record.offset for piece in pieces for record in piece.records] == list(range(size)), "nothing is lost, the order stays"
    assert {piece.records[0].offset for piece in pieces if isinstance(piece.outcome, BadEvent)} == bad
    assert all(len(piece.records) == 1 for piece in pieces if isinstance(piece.outcome, BadEvent))
    assert len(calls) <= 1 + 2 * len(bad) * size.bit_length()


def test_a_batch_that_is_not_suspected_stays_whole() -> None:
    calls: list[int] = []
    pieces = Quarantine().sift(_raising_on(set(), calls), _records(200))
    assert (len(pieces), calls) == (1, [200])


def test_a_fault_of_state_is_no_fault_of_a_record() -> None:
    def process(records: Sequence[Inbound]) -> Outcome:
        raise StateMismatch("the disk is another one")

    with pytest.raises(StateMismatch):
        Quarantine().sift(process, _records(4))


def test_too_many_bad_records_speak_against_the_code() -> None:
    quarantine = Quarantine()
    for _ in range(LIMIT):
        quarantine.sift(_raising_on({0}, []), _records(1))
    with pytest.raises(ValueError, match="bad"):
        quarantine.sift(_raising_on({0}, []), _records(1))
