"""Signals that come at a bad moment are held back, not lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

import pytest
import typer

from streamrec.cli.support.interrupts import one_interrupt, stop_on_signals
from streamrec.system.processes import ENDING, tail, uninterrupted


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_inside_the_block_arrives_when_it_is_left(number: signal.Signals) -> None:
    heard: list[int] = []
    former = signal.signal(number, lambda signum, frame: heard.append(signum))
    try:
        with uninterrupted():
            signal.raise_signal(number)
            assert heard == []
        assert heard == [number]
    finally:
        signal.signal(number, former)


def test_in_another_thread_the_handlers_are_left_alone() -> None:
    seen: list[Callable[[int, FrameType | None], object] | int | None] = []

    def enter() -> None:
        with uninterrupted():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]


@pytest.mark.parametrize("number", ENDING)
def test_the_first_signal_interrupts_and_the_next_do_not_cut_the_cleaning_short(number: signal.Signals) -> None:
    before, cleaned = signal.getsignal(number), False

    def work() -> None:
        nonlocal cleaned
        with one_interrupt():
            try:
                signal.raise_signal(number)
            finally:
                signal.raise_signal(number)
                cleaned = True

    with pytest.raises(KeyboardInterrupt):
        work()
    assert cleaned
    assert signal.getsignal(number) is before


def test_work_that_stops_by_itself_ends_with_130() -> None:
    def work() -> None:
        with stop_on_signals() as stop:
            signal.raise_signal(signal.SIGINT)
            assert stop.is_set()
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(typer.Exit) as caught:
        work()
    assert caught.value.exit_code == 130


def test_the_tail_of_a_log_is_its_last_lines() -> None:
    assert tail("a\nb\nc\n\n", 2) == "b\nc"
    assert tail("  \n") == "(empty)"
