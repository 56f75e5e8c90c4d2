"""Finding the records on which a processor raises."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from streamrec.contract.processor import Outcome
from streamrec.contract.records import Inbound, Record
from streamrec.engine.quarantine import LIMIT, Quarantine, Work, sift
from streamrec.errors import BadEvent, StateMismatch


def _records(count: int) -> list[Inbound]:
    return [Record("views", 0, offset, 0, b"key", b"value", ()) for offset in range(count)]


def _raising_on(bad: set[tuple[str, int]], calls: list[int]) -> Callable[[Work[str]], Sequence[Outcome]]:
    def process(work: Work[str]) -> Sequence[Outcome]:
        calls.append(sum(len(records) for _, records in work))
        if bad & {(whose, record.offset) for whose, records in work for record in records}:
            raise ValueError("bad")
        return [Outcome() for _ in work]

    return process


def _quarantines() -> Callable[[str], Quarantine]:
    return defaultdict[str, Quarantine](Quarantine).__getitem__


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What is logged; written out, with its tracebacks, it would take most of the time."""
    with capture_logs() as found:
        yield found


BAD = st.sets(st.tuples(st.sampled_from("abc"), st.integers(0, 999)), max_size=5)


@given(sizes=st.dictionaries(st.sampled_from("abc"), st.integers(1, 1000), min_size=1), bad=BAD)
def test_every_bad_record_is_found_and_no_other_one(sizes: dict[str, int], bad: set[tuple[str, int]]) -> None:
    bad = {(whose, offset) for whose, offset in bad if offset < sizes.get(whose, 0)}
    calls: list[int] = []
    found = sift([(whose, _records(size)) for whose, size in sizes.items()], _raising_on(bad, calls), _quarantines())
    for whose, size in sizes.items():
        offsets = [record.offset for one, piece in found if one == whose for record in piece.records]
        assert offsets == list(range(size)), "nothing is lost, the order stays"
    condemned = {(whose, piece.records[0].offset) for whose, piece in found if isinstance(piece.outcome, BadEvent)}
    assert condemned == bad
    assert all(len(piece.records) == 1 for _, piece in found if isinstance(piece.outcome, BadEvent))
    assert len(calls) <= 1 + len(sizes) + 2 * len(bad) * 10


def test_batches_that_are_not_suspected_stay_whole() -> None:
    calls: list[int] = []
    found = sift([("a", _records(200)), ("b", _records(7))], _raising_on(set(), calls), _quarantines())
    assert ([(whose, len(piece.records)) for whose, piece in found], calls) == ([("a", 200), ("b", 7)], [207])


def test_the_neighbours_of_a_partition_with_a_bad_record_are_tried_whole_again() -> None:
    calls: list[int] = []
    found = sift([("a", _records(8)), ("b", _records(100))], _raising_on({("a", 3)}, calls), _quarantines())
    assert [len(piece.records) for whose, piece in found if whose == "b"] == [100]
    assert calls.count(100) == 1


def test_a_fault_of_state_is_no_fault_of_a_record() -> None:
    def process(work: Work[str]) -> Sequence[Outcome]:
        raise StateMismatch("the disk is another one")

    with pytest.raises(StateMismatch):
        sift([("a", _records(4))], process, _quarantines())


def test_too_many_bad_records_of_one_partition_speak_against_the_code() -> None:
    quarantines = _quarantines()
    for _ in range(LIMIT):
        sift([("a", _records(1))], _raising_on({("a", 0)}, []), quarantines)
    sift([("b", _records(1))], _raising_on({("b", 0)}, []), quarantines)
    with pytest.raises(ValueError, match="bad"):
        sift([("a", _records(1))], _raising_on({("a", 0)}, []), quarantines)


def test_a_stranger_who_finds_a_record_that_raises_cannot_stop_the_others_by_sending_it_often() -> None:
    quarantines, condemned = _quarantines(), 0
    for _ in range(5 * LIMIT):
        found = sift([("a", _records(3))], _raising_on({("a", 1)}, []), quarantines)
        condemned += sum(isinstance(piece.outcome, BadEvent) for _, piece in found)
    assert condemned == 5 * LIMIT


def test_a_bad_event_that_escapes_a_processor_costs_its_record_and_nothing_else() -> None:
    def process(work: Work[str]) -> Sequence[Outcome]:
        if any(record.offset == 2 for _, records in work for record in records):
            raise BadEvent("invalid", "nobody caught this")
        return [Outcome() for _ in work]

    found = sift([("a", _records(5))], process, _quarantines())
    assert [piece.records[0].offset for _, piece in found if isinstance(piece.outcome, BadEvent)] == [2]
