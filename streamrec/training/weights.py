"""Fits the blend's weights to real orders, by a listwise softmax over the candidates of each list.

loss = - mean over lists of log(sum of exp(score) of the ordered candidates / sum of exp(score) of all), plus a small ridge.
Only features that occur in the data are fitted; the others keep the weight that they have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streamrec.events.types import Purchase
from streamrec.features.queries import Queries
from streamrec.features.schema import FEATURES
from streamrec.ranking import Field, Ranker
from streamrec.replay import Line, Replay

RIDGE = 0.03
STEPS = 400
RATE = 0.03


@dataclass(slots=True)
class Sample:
    """One list: features of the kept candidates (candidates, features), and which of them were ordered."""

    features: NDArray[np.float64]
    ordered: NDArray[np.bool_]


class RecordingRanker(Ranker):
    """Ranks as ever, and keeps what it weighed last."""

    seen: Field | None = None

    def weigh(self, asked: Queries, deadline: float) -> Field:
        """As the ranker does."""
        self.seen = super().weigh(asked, deadline)
        return self.seen

    def sample(self, ordered: Iterable[str]) -> Sample:
        """The candidates of the first query weighed last, and which of them are among `ordered`."""
        assert self.seen is not None
        kept = self.seen.candidates.kept[0]
        slots = self.seen.candidates.slots[0][kept]
        wanted = self._catalogue.items.find(list(ordered))
        return Sample(self.seen.features[0][kept], np.isin(slots, wanted))


@dataclass(slots=True)
class Orders:
    """The items of every order of a file, by user and order id."""

    items: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    of_line: dict[int, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, lines: Iterable[Line]) -> Orders:
        """Collect them; refunds are no orders."""
        orders = cls()
        for line in lines:
            event = line.event
            if isinstance(event, Purchase) and event.action == "purchase":
                order = (event.user_id, event.order_id or str(line.number))
                orders.items[order].add(event.item_id)
                orders.of_line[line.number] = order
        return orders

    def ordered_with(self, line: int) -> set[str]:
        """The items of the order that the line belongs to."""
        return self.items[self.of_line[line]]


def collect(run: Replay, ranker: RecordingRanker, lines: Sequence[Line]) -> Iterator[Sample]:
    """A sample for every list that the replay makes of `lines`; what counts as right are the items of the trigger's order."""
    orders = Orders.read(lines)
    for made in run.run(lines):
        yield ranker.sample(orders.ordered_with(made.trigger.offset))


def fit(samples: Sequence[Sample], start: dict[str, float]) -> dict[str, float]:
    """The weights that minimise the loss, by Adam over all samples, rounded to three digits.

    A feature that is 0 in every sample keeps the weight that it has in `start`.
    """
    useful = [sample for sample in samples if sample.ordered.any() and not sample.ordered.all()]
    rows = np.concatenate([sample.features for sample in useful])
    ordered = np.concatenate([sample.ordered for sample in useful])
    begins = np.cumsum([0, *(len(sample.ordered) for sample in useful)][:-1])
    sizes = np.array([len(sample.ordered) for sample in useful])
    unseen = ~rows.any(axis=0)
    weights = np.array([start[name] for name in FEATURES])
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        scores = rows @ weights
        every = _softmax(scores, begins, sizes)
        right = _softmax(np.where(ordered, scores, -np.inf), begins, sizes)
        gradient = (every - right) @ rows / len(useful) + RIDGE * weights
        gradient[unseen] = 0.0
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        weights -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-9)
    return {name: round(float(weight), 3) for name, weight in zip(FEATURES, weights, strict=True)}


def _softmax(scores: NDArray[np.float64], begins: NDArray[np.intp], sizes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Softmax within each list of a flat array."""
    lifted = np.exp(scores - np.repeat(np.maximum.reduceat(scores, begins), sizes))
    return np.asarray(lifted / np.repeat(np.add.reduceat(lifted, begins), sizes))
