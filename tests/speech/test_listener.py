"""Endless sound becomes segments, which later windows may revise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from streamrec.speech.audio import RATE, Samples
from streamrec.speech.listener import WINDOW_S, Listener, Segment
from streamrec.speech.recogniser import Phrase

Spoken = tuple[float, float, str]


def recogniser(*spoken: Spoken) -> Callable[[Samples], list[Phrase]]:
    """Hears in each window what is spoken in it, and half of the words where the window cuts them. The samples are their own times."""

    def hear(window: Samples) -> list[Phrase]:
        assert len(window) <= WINDOW_S * RATE
        begin, end = float(window[0]), float(window[-1])
        heard = [(max(first, begin), last, text) for first, last, text in spoken if first < end and last > begin + 0.01]
        return [
            Phrase(first - begin, min(last, end) - begin, text if last <= end else text[: len(text) // 2], 0.9, "zh")
            for first, last, text in heard
        ]

    return hear


def sound(seconds: float, begin: float = 0) -> Samples:
    return (begin + np.arange(int(seconds * RATE)) / RATE).astype(np.float32)


def listen(listener: Listener, seconds: float, piece_s: float = 1.0) -> list[Segment]:
    found: list[Segment] = []
    for piece in range(int(seconds / piece_s)):
        found += listener.feed(sound(piece_s, piece * piece_s))
    return [*found, *listener.finish()]


def newest(segments: list[Segment]) -> list[str]:
    last: dict[int, Segment] = {}
    for segment in segments:
        assert segment.number not in last or segment.revision == last[segment.number].revision + 1
        last[segment.number] = segment
    return [last[number].text for number in sorted(last)]


SPOKEN: tuple[Spoken, ...] = ((1, 4, "一号链接"), (5, 9, "不粘炒锅"), (14, 15.5, "两百块"), (40, 44, "下一个"), (44, 47, "保温杯"))


@pytest.mark.parametrize("step_s", [3, 6, 28])
@pytest.mark.parametrize("piece_s", [0.5, 1, 50])
def test_everything_is_told_once_however_sound_comes(step_s: float, piece_s: float) -> None:
    assert newest(listen(Listener(recogniser(*SPOKEN), step_s), 50, piece_s)) == [text for _, _, text in SPOKEN]


def test_a_phrase_that_a_window_cuts_is_revised_by_the_next() -> None:
    found = listen(Listener(recogniser((1, 8, "二号保温杯")), 6), 12)
    assert [(segment.number, segment.revision, segment.text) for segment in found] == [(0, 0, "二号"), (0, 1, "二号保温杯")]


def test_times_count_from_the_beginning() -> None:
    found = listen(Listener(recogniser(*SPOKEN), 6), 50)
    last = found[-1]
    assert last.start_s == pytest.approx(44, abs=0.01)
    assert last.end_s == pytest.approx(47, abs=0.01)


def test_what_later_turns_out_as_no_speech_is_taken_back() -> None:
    answers = [[Phrase(4, 6, "谢谢", 0.5, "zh")], []]
    listener = Listener(lambda window: answers.pop(0), 6)
    found = [*listener.feed(sound(6)), *listener.feed(sound(6, 6))]
    assert [(segment.text, segment.revision) for segment in found] == [("谢谢", 0), ("", 1)]


def test_a_phrase_without_an_end_is_told_when_its_window_is_full() -> None:
    found = listen(Listener(recogniser((0, 80, "不停地说下去没有气口")), 6), 80)
    assert {segment.number for segment in found} == {0, 1, 2}
    assert max(segment.end_s - segment.start_s for segment in found) <= WINDOW_S


def test_silence_tells_nothing_and_is_forgotten() -> None:
    listener = Listener(recogniser(), 6)
    for second in range(600):
        assert list(listener.feed(sound(1, second))) == []
    assert len(listener._heard) <= 8 * RATE
    assert list(listener.finish()) == []
    assert listener.seconds == pytest.approx(600, abs=0.01)
