"""How much of what lists ask of the cross-encoder it reads: as much as the load allows, by measured speeds and arrivals."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

TARGET, CEILING = 0.7, 0.75
"""Shares of a second's time. A lower step is taken where the present one would take more than the ceiling, a higher one only where it
would take less than the target: measurements waver, and promises must not."""
LEAST = 0.1
"""What of its time is the model's however busy the ranking is: a model that takes so little of it is no reason to rank without it."""
STEPS, FEWEST = 8, 2
"""The share moves in eighths. One of less than a quarter is none: the few items that are read would stand out because they were read."""
CALM_S = 1.0
"""For so long a higher step must have been possible before it is taken."""
TRIAL_S, RARE_TRIAL_S = 10.0, 160.0
"""After so long without any reading, nothing is known of the speed any more: what made it slow may be over. After each trial that failed
the next one comes after twice the time, up to the longer one: a model that is always too slow breaks few promises."""
WINDOW_S = 2.0
"""Time over which arrivals are averaged: many rounds, and still short beside a rush."""
SHORTEST_S = 0.25
"""Less time than this says nothing about arrivals: a worker's first batch would look like a rush."""
MOST_BEHIND = 4.0
"""Triggers are taken to come so many times as fast as they are answered at most: times may be those of clocks that stand still."""
MEMORY = 0.95
"""What of the former readings counts beside the next: speeds are those of the last twenty or so."""
HALF = 0.5
"""Of a list's time, the reading of its micro-batch is planned to take so much; the ranking before it, and chance, have the rest."""


class Load(NamedTuple):
    """What is asked for and what it takes, as measured last."""

    promised: float
    """What of the wanted pairs each list is promised."""
    wanted_per_s: float
    """Pairs that lists ask for."""
    lists_per_s: float
    """Lists that ask for them."""
    scored_per_s: float
    """Pairs that the model scores in a second of its own time; NaN before it has scored any."""
    model: float
    """What of its time the model reads."""
    maker: float
    """What of its time the thread that makes lists ranks, prepares pairs and waits for them."""


class Share:
    """Decides how much of the wanted pairs each list is promised, in steps of an eighth.

    Three times must not run over: that of the model, that of the thread that makes lists, which ranks, prepares pairs and waits for those
    that are not ready, and the `budget_s` of one list alone. What nothing is known of is taken to cost nothing. Belongs to one thread.
    """

    def __init__(self, budget_s: float, clock: Callable[[], float] = perf_counter) -> None:
        self._budget_s, self._clock = budget_s, clock
        # Of the readings: pairs that came, those of them that the model scored, and seconds of the model and of the maker for them.
        self._read = self._scored = self._model_s = self._spent_s = 0.0
        self._unaccounted_s = 0.0
        self._of_one, self._trial_s = 0, TRIAL_S
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what was asked for and what is promised, but not how long things take."""
        self._at = self._arrived_at = self._clock()
        self._newest_s: float | None = None
        # Within the window, what is past counting less: seconds that passed, seconds in which what was asked for came, and what that was.
        self._span_s = self._coming_s = self._wanted = self._asking = self._busy_s = 0.0
        self._step, self._since = STEPS, self._at
        self._fits_since: float | None = None

    def arrived(self, newest_s: float | None) -> None:
        """Lists are to be made, and their newest trigger came at this time of any clock; None where that is not known.

        A worker that is behind answers fewer lists in a second than came in a second: by the times of the triggers it knows.
        """
        self._fade()
        passed, self._arrived_at = self._at - self._arrived_at, self._at
        if newest_s is not None:
            if self._newest_s is not None:
                passed = min(max(0.0, newest_s - self._newest_s), WINDOW_S)
            self._newest_s = newest_s if self._newest_s is None else max(newest_s, self._newest_s)
        self._coming_s += passed

    def promise(self, pairs: int) -> int:
        """So many of the `pairs` that each list wants are promised to it now."""
        return math.ceil(pairs * self._step / STEPS)

    def asked(self, lists: int, pairs: int) -> None:
        """So many lists ask for `pairs` pairs each; decides what is promised to them."""
        self._fade()
        self._wanted += lists * pairs
        self._asking += lists
        self._of_one = pairs
        self._decide()

    def came(self, pairs: int, scored: int, model_s: float, spent_s: float, lacking: int = 0) -> None:
        """Pairs are there: how many were scored and not known before, and for how many seconds model and maker were busy with them.

        Where some are `lacking` because they took too long, the promise was too high, whatever is usual: the next one is a step lower.
        """
        self._unaccounted_s += spent_s
        self._read, self._scored = MEMORY * self._read + pairs, MEMORY * self._scored + scored
        self._model_s, self._spent_s = MEMORY * self._model_s + model_s, MEMORY * self._spent_s + spent_s
        if lacking:
            self._take(self._step - 1 if self._step > FEWEST else 0, self._clock())

    def made(self, seconds: float) -> None:
        """The maker was busy for `seconds`, in which are the readings that came meanwhile."""
        self._fade()
        self._busy_s += max(0.0, seconds - self._unaccounted_s)
        self._unaccounted_s = 0.0

    def at_once(self, pairs: int) -> float:
        """Lists that are promised their part of `pairs`, and are read in good time if they are read together."""
        each_s = self.promise(pairs) * self._model_s / max(self._read, 1.0)
        return HALF * self._budget_s / each_s if each_s > 0 else math.inf

    @property
    def load(self) -> Load:
        """As it is now; may be asked for from another thread, which may find it a moment old."""
        full, share = self._full(), self._step / STEPS
        # Rates are brought up to date by lists; while none comes, they fade all the same.
        kept, span_s = math.exp(-(self._clock() - self._at) / WINDOW_S), self._came_in_s()
        scored_per_s = self._scored / self._model_s if self._model_s > 0 else math.nan
        model, maker = kept * share * full.model, kept * (full.own + share * full.maker)
        return Load(share, kept * self._wanted / span_s, kept * self._asking / span_s, scored_per_s, model, maker)

    def _decide(self) -> None:
        now = self._clock()
        if self._step == 0 and now - self._since >= self._trial_s:
            self._read = self._scored = self._model_s = self._spent_s = 0.0
            self._since, self._trial_s = now, min(2 * self._trial_s, RARE_TRIAL_S)
        full = self._full()
        fits = full.step(TARGET)
        if self._step > max(fits, full.step(CEILING)):
            self._take(fits, now)
        elif fits <= self._step:
            self._fits_since = None
        elif self._fits_since is None:
            self._fits_since = now
        elif now - self._fits_since >= CALM_S:
            if self._step:
                self._trial_s = TRIAL_S
            self._take(max(self._step + 1, FEWEST), now)
            self._fits_since = now

    def _take(self, step: int, now: float) -> None:
        self._step, self._since, self._fits_since = step, now, None

    def _full(self) -> _Full:
        span_s, each = self._came_in_s(), max(self._read, 1.0)
        wanted = self._wanted / span_s
        one_s = self._of_one * self._model_s / max(self._scored, 1.0)
        return _Full(wanted * self._model_s / each, wanted * self._spent_s / each, self._busy_s / span_s, one_s / self._budget_s)

    def _came_in_s(self) -> float:
        """Seconds in which came what was asked for within the window."""
        return max(SHORTEST_S, min(self._span_s, max(self._coming_s, self._span_s / MOST_BEHIND)))

    def _fade(self) -> None:
        """Let what is past count less. The span grows to WINDOW_S, so that rates are right from the start."""
        now = self._clock()
        kept = math.exp(-(now - self._at) / WINDOW_S)
        self._at = now
        self._span_s = kept * self._span_s + (1 - kept) * WINDOW_S
        self._coming_s *= kept
        self._wanted, self._asking, self._busy_s = kept * self._wanted, kept * self._asking, kept * self._busy_s


class _Full(NamedTuple):
    """What it would take to read all that is wanted, as shares of the time there is."""

    model: float
    maker: float
    own: float
    """Of the maker's time, without any reading."""
    one: float
    """Of the time of one list alone, if nothing of it is known."""

    def step(self, limit: float) -> int:
        """The highest step that takes no more than `limit` of each."""
        allowed = min(_within(limit, self.model), _within(max(limit - self.own, LEAST), self.maker), _within(limit, self.one))
        step = min(STEPS, int(STEPS * allowed + 1e-9))
        return step if step >= FEWEST else 0


def _within(limit: float, full: float) -> float:
    return limit / full if full > limit else 1.0
