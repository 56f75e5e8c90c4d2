"""What the stages of the ranking hand on: candidates with their features, and the lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.candidates import Candidates
from streamrec.ranking.batch.context import Context
from streamrec.ranking.facts import Facts
from streamrec.ranking.reasons.codes import strongest
from streamrec.ranking.scorers.blend import Blend
from streamrec.ranking.scorers.reader import Begun, Reading
from streamrec.ranking.selectors.slate import Slate, picked


@dataclass(slots=True)
class Field:
    """The candidates of a micro-batch with their standardised features, of shape (users, candidates, features)."""

    shop: Context
    candidates: Candidates
    features: NDArray[np.float32]
    live_only: bool
    removed: Counter[str]
    """Candidates removed, by filter."""
    failed: Counter[str]
    """Sources that failed, by name."""
    seconds: dict[str, float]
    """Duration by stage."""
    reading: Reading
    """Complete once `begun` is None."""
    begun: Begun | None = None
    """What the model is still reading, and until when (by `perf_counter`) it is waited for."""
    deadline: float = 0.0


@dataclass(slots=True)
class Ranked:
    """The lists of a micro-batch; arrays of shape (users, k) and (users, k, features)."""

    slots: NDArray[np.int32]
    """Best first, -1 behind the last."""
    scores: NDArray[np.float64]
    contributions: NDArray[np.float64]
    """What each feature adds to the score."""
    features: NDArray[np.float64]
    """Standardised, as scored."""
    sources: NDArray[np.uint16]
    """Bits of the sources that proposed the item."""
    kept: int
    propensity: NDArray[np.float64]
    """The chance of an explored item to be where it is, NaN where the place was certain."""
    rules: dict[str, NDArray[np.float64]]
    """What each rule adds to the score (0 for a pin), NaN where it has no part."""
    speak: NDArray[np.intp]
    """The features whose reasons are given, by position, strongest first, of shape (users, k, reasons); -1 behind the last."""
    because: NDArray[np.int32]
    """Slot of the user's own item that a reason names, or -1."""
    bought_7d: NDArray[np.int64]
    """So many people at least bought the item within a week, or 0."""
    asked_about: NDArray[np.int8]
    """What the user asked about the item, and what viewers praise about it: by place in ASPECTS from 1, or 0."""
    praised_for: NDArray[np.int8]
    removed: Counter[str]
    failed: Counter[str]
    seconds: dict[str, float]
    reading: Reading

    @classmethod
    def of(cls, weighed: Field, slate: Slate, blend: Blend, reading: Reading) -> Ranked:
        """The chosen places of a field that `blend` has scored, with everything that explains them."""
        slots = picked(weighed.candidates.slots, slate.columns, -1)
        features, contributions = _explained(blend, weighed.features, slate.columns)
        facts = Facts(weighed.shop, slots)
        speak = strongest(contributions, features, facts.holds)
        return cls(
            slots=slots,
            scores=slate.scores,
            contributions=contributions,
            features=features,
            sources=picked(weighed.candidates.sources, slate.columns, 0),
            kept=int(weighed.candidates.kept.sum()),
            propensity=slate.propensity,
            rules=slate.rules,
            speak=speak,
            because=facts.because(speak),
            bought_7d=facts.bought_7d(),
            asked_about=facts.asked_about(),
            praised_for=facts.praised_for(),
            removed=weighed.removed,
            failed=weighed.failed,
            seconds=weighed.seconds,
            reading=reading,
        )


def _explained(blend: Blend, features: NDArray[np.float32], columns: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The features of the chosen columns (users, k), and what each adds to the score; zeros behind the last."""
    user, place = np.nonzero(columns >= 0)
    values = features[user, columns[user, place]]
    chosen, contributions = np.zeros((2, *columns.shape, features.shape[2]))
    chosen[user, place], contributions[user, place] = values, blend.contributions(values)
    return chosen, contributions


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Note how long a stage takes."""
    begin = perf_counter()
    yield
    seconds[stage] = perf_counter() - begin
