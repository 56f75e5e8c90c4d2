"""Cuts endless sound into windows, and tells what is said in them as segments that later windows may revise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from streamrec.speech.audio import RATE, Samples
from streamrec.speech.recogniser import Phrase

WINDOW_S = 28.0
"""Whisper hears thirty seconds at once."""
SETTLED_S = 1.0
"""A phrase that ends so long before the end of a window is not cut by it."""
OVERLAP_S = 1.0
"""So much of a window without a phrase is heard again: a word may have begun."""


class Segment(NamedTuple):
    """What was said from `start_s` to `end_s` since the beginning. One of the same number with a higher revision replaces it."""

    number: int
    start_s: float
    end_s: float
    text: str
    confidence: float
    lang: str
    revision: int = 0


class Listener:
    """Hears every `step_s` seconds what has come, with what could not be settled before."""

    def __init__(self, hear: Callable[[Samples], list[Phrase]], step_s: float) -> None:
        """`hear` tells the phrases of a window of at most `WINDOW_S`."""
        self._hear, self._step = hear, int(min(step_s, WINDOW_S) * RATE)
        self._heard = np.zeros(0, np.float32)
        self._start = 0
        """Sample since the beginning at which `_heard` starts."""
        self._new = 0
        """Samples of it that no window has had."""
        self._number = 0
        self._open: Segment | None = None
        """The last segment, while it may go on."""

    @property
    def seconds(self) -> float:
        """How much sound has come."""
        return (self._start + len(self._heard)) / RATE

    def feed(self, samples: Samples) -> Iterator[Segment]:
        """What is new after some more sound."""
        self._heard = np.concatenate((self._heard, samples))
        self._new += len(samples)
        while self._new >= self._step:
            yield from self._listen(ended=False)

    def finish(self) -> Iterator[Segment]:
        """What is left when no more sound comes."""
        while self._new or self._open:
            yield from self._listen(ended=True)

    def _listen(self, *, ended: bool) -> Iterator[Segment]:
        most = int(WINDOW_S * RATE)
        window = self._heard[:most]
        whole = len(self._heard) <= most
        # Where sound has piled up, or a phrase fills a window, everything is settled: there will be no longer window.
        last = (ended and whole) or len(window) == most
        phrases = self._hear(window)
        length_s, origin_s = len(window) / RATE, self._start / RATE
        settled = len(phrases) if last else sum(phrase.end_s <= length_s - SETTLED_S for phrase in phrases)
        for place, phrase in enumerate(phrases[: settled + 1]):
            yield from self._tell(place, phrase, origin_s)
        if not phrases and self._open is not None:
            yield self._open._replace(text="", revision=self._open.revision + 1)
            self._number += 1
        self._number += settled
        if settled == len(phrases):
            self._open = None
            keep = length_s if last else max(phrases[-1].end_s if phrases else 0.0, length_s - OVERLAP_S)
        else:
            keep = phrases[settled].start_s
        cut = min(len(window), int(keep * RATE))
        self._heard = self._heard[cut:]
        self._start += cut
        self._new = 0 if whole else len(self._heard)

    def _tell(self, place: int, phrase: Phrase, origin_s: float) -> Iterator[Segment]:
        told = Segment(
            self._number + place, origin_s + phrase.start_s, origin_s + phrase.end_s, phrase.text, phrase.confidence, phrase.lang
        )
        before = self._open if self._open is not None and self._open.number == told.number else None
        if before is not None:
            told = told._replace(revision=before.revision + 1)
        if before is None or before.text != told.text:
            yield told
            before = told
        self._open = before
