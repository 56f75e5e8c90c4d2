"""The contiguity guard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamrec.contract.records import Record
from streamrec.engine.guard import Batch, Cursor, Guard, Verdict


def _guard(position: int = 10, epoch: int = 1) -> Guard:
    guard = Guard()
    guard.expect("views", Cursor(epoch, position))
    return guard


def _batch(start: int, end: int, epoch: int = 1) -> Batch:
    return Batch("views", 0, epoch, start, end, ())


def test_a_batch_that_follows_exactly_is_applied() -> None:
    guard = _guard()
    assert guard.judge(_batch(10, 15)) is Verdict.APPLY
    guard.advance(_batch(10, 15))
    assert guard.judge(_batch(15, 16)) is Verdict.APPLY


def test_a_batch_behind_a_hole_is_a_gap() -> None:
    assert _guard().judge(_batch(11, 15)) is Verdict.GAP


def test_a_batch_that_begins_too_early_is_a_gap() -> None:
    assert _guard().judge(_batch(9, 15)) is Verdict.GAP


def test_what_was_fetched_before_a_seek_is_stale_even_when_it_would_fit() -> None:
    guard = _guard()
    guard.expect("views", Cursor(2, 10))
    assert guard.judge(_batch(10, 15, epoch=1)) is Verdict.STALE
    assert guard.judge(_batch(10, 15, epoch=2)) is Verdict.APPLY


def test_a_topic_nobody_sought_is_stale() -> None:
    assert Guard().judge(_batch(0, 1)) is Verdict.STALE


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["arrives", "lost", "repeated"])), max_size=40))
def test_whatever_is_lost_or_repeated_every_position_is_applied_once_and_in_order(fates: list[tuple[int, str]]) -> None:
    end, guard, epoch, applied = sum(size for size, _ in fates), _guard(0), 1, []
    position, plan = 0, iter(fates)
    previous = _batch(0, 0)
    while guard.next["views"] < end:
        size, fate = next(plan, (5, "arrives"))
        batch = _batch(position, min(position + size, end), epoch)
        position = batch.end
        for one in {"arrives": [batch], "lost": [], "repeated": [previous, batch]}[fate]:
            verdict = guard.judge(one)
            if verdict is Verdict.APPLY:
                applied += range(one.start, one.end)
                guard.advance(one)
            elif verdict is Verdict.GAP:
                epoch, position = epoch + 1, guard.next["views"]
                guard.expect("views", Cursor(epoch, position))
                break
        else:
            if fate == "lost" and position == end:  # nothing follows that could show the hole: the engine fetches again
                epoch, position = epoch + 1, guard.next["views"]
                guard.expect("views", Cursor(epoch, position))
        previous = batch
    assert applied == list(range(end))


@given(size=st.integers(0, 9), holes=st.integers(0, 3), most=st.integers(1, 9))
def test_a_cut_batch_is_two_that_follow_on_each_other(size: int, holes: int, most: int) -> None:
    records = [Record("views", 0, 10 + number, 0, None, None, ()) for number in range(size)]
    batch = Batch("views", 0, 1, 10, 10 + size + holes, records)
    head, rest = batch.cut(most)
    assert (rest is None) == (size <= most)
    assert [*head.records, *(rest.records if rest else ())] == records
    guard = _guard()
    for part in (head, rest):
        if part is not None:
            assert guard.judge(part) is Verdict.APPLY
            guard.advance(part)
    assert guard.next["views"] == batch.end


def test_a_part_of_a_batch_knows_what_waits_behind_it() -> None:
    records = [Record("views", 0, offset, 0, b"k", b"v", ()) for offset in (10, 12, 15)]
    head, rest = Batch("views", 0, 1, 10, 16, records, lag=100).cut(2)
    assert (head.end, head.lag) == (15, 101)
    assert rest is not None
    assert (rest.start, rest.end, rest.lag) == (15, 16, 100)
