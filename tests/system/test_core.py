"""Where pure code runs: short calls at once, long ones on a thread, never two at a time."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from streamrec.system.core import LEAST_RECORDS, MOST_RECORDS, SHORT_S, Core, Pace, off_loop, together


def test_short_calls_run_at_once_and_long_ones_on_the_thread() -> None:
    async def run() -> None:
        core = Core()
        here = threading.get_ident()
        assert await core.run_short(threading.get_ident) == here
        assert await core.run(threading.get_ident) != here
        assert await core.run_short(threading.get_ident) == here, "the thread has nothing to do any more"
        core.stop()

    asyncio.run(run())


def test_a_short_call_waits_for_what_the_thread_has_to_do() -> None:
    async def run() -> None:
        core, gate, done = Core(), threading.Event(), list[str]()

        def long() -> None:
            gate.wait()
            done.append("long")

        first = asyncio.create_task(core.run(long))
        await asyncio.sleep(0)
        second = asyncio.create_task(core.run_short(done.append, "short"))
        await asyncio.sleep(0)
        assert done == []
        gate.set()
        await asyncio.gather(first, second)
        assert done == ["long", "short"]
        core.stop()

    asyncio.run(run())


def test_what_raises_on_the_thread_raises_here_and_holds_nothing_up() -> None:
    def fail() -> None:
        raise ValueError("no")

    async def run() -> None:
        core = Core()
        with pytest.raises(ValueError, match="no"):
            await core.run(fail)
        assert await core.run_short(threading.get_ident) == threading.get_ident()
        core.stop()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("took", "short"),
    [
        ([], 0),
        ([(1000, 0.01)], 200),
        ([(1000, 0.0001)], MOST_RECORDS),
        ([(LEAST_RECORDS, SHORT_S * 1.01)], 0),
        ([(1000, 0.01), (1, SHORT_S)], 0),
        ([(1000, 0.01), (10, 0.0002)], 100),
    ],
)
def test_how_many_records_are_short_work(took: list[tuple[int, float]], short: int) -> None:
    pace = Pace()
    for records, seconds in took:
        pace.learn(records, seconds)
    assert pace.short == pytest.approx(short, abs=1)


def test_a_quicker_pace_is_believed_by_and_by() -> None:
    pace, found = Pace(), list[Any]()
    pace.learn(1, 1.0)
    for _ in range(60):
        pace.learn(1, 0.00001)
        found.append(pace.short)
    assert found[0] == 0
    assert found[-1] > 100
    assert pace.records(1.0) > 10 * pace.short


def test_a_call_that_nobody_waits_for_any_more_still_holds_up_short_ones() -> None:
    """Else two threads would work on the same rows: whoever asks over HTTP and hangs up is cancelled here."""

    async def run() -> None:
        core, gate, begun, done = Core(), threading.Event(), threading.Event(), list[str]()

        def long() -> None:
            begun.set()
            gate.wait()
            done.append("long")

        first = asyncio.create_task(core.run(long))
        await asyncio.to_thread(begun.wait)
        first.cancel()
        await asyncio.wait([first])
        second = asyncio.create_task(core.run_short(done.append, "short"))
        await asyncio.sleep(0)
        assert done == []
        gate.set()
        await second
        assert done == ["long", "short"]
        core.stop()

    asyncio.run(run())


def test_what_a_thread_makes_for_a_caller_that_was_cancelled_is_undone() -> None:
    async def run() -> None:
        gate, begun, undone = threading.Event(), threading.Event(), list[str]()

        def make() -> str:
            begun.set()
            gate.wait()
            return "disk"

        task = asyncio.create_task(off_loop(make, undo=undone.append))
        await asyncio.to_thread(begun.wait)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        assert not task.done(), "it waits for the thread, however often it is cancelled"
        gate.set()
        await asyncio.wait([task])
        assert task.cancelled()
        assert undone == ["disk"]

    asyncio.run(run())


def test_when_one_of_several_fails_the_others_have_ended_before_that_is_told() -> None:
    async def run() -> None:
        ended = list[str]()

        async def fail() -> None:
            await asyncio.sleep(0)
            raise ValueError("no")

        async def other() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0)
                ended.append("other")

        with pytest.raises(ValueError, match="no"):
            await together(other(), fail(), other())
        assert ended == ["other", "other"]

    asyncio.run(run())
