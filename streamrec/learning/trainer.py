"""Guard rails around the learner: what is served was better on reactions that it had not been taught, and moves in small steps."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.learning.examples import Example
from streamrec.learning.heads import Bounds, Heads
from streamrec.learning.instances import MOST_PER_USER, PLACE, Instances, Reacted, instances, is_sound, reactions
from streamrec.learning.learner import Rates, losses, user_means
from streamrec.learning.weights import LearnerState, Served, Weights, distance, require_sound
from streamrec.ranking.features.schema import FEATURES, SCHEMA
from streamrec.settings import Settings

logger = logging.getLogger(__name__)
Array = NDArray[np.float64]
ACTIONS = ("click", "cart", "purchase", "hide", "complaint")
KEPT_VERSIONS = 5
"""Versions to which a roll-back can return, besides the base."""
WINDOW = 400
"""Votes (a user's mean in a batch) by which the served version is compared with the base."""
FAR_WORSE = 2.0
"""Standard errors by which it must be worse to be rolled back: noise alone reaches two in about one comparison of forty."""
REFUSALS = 3
"""A candidate that was refused this many times in a row gives way to what is served: what it has learned does not hold."""
DECIMALS = 6
"""Of published weights: scores are rounded to as many."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a batch: "published", "refused" or "rolled_back"; with weights to publish unless it was refused."""

    outcome: str
    weights: Weights | None
    metrics: dict[str, float]


class Trainer:
    """Learns for one base blend.

    Every batch of fresh reactions judges first, and teaches afterwards: the candidate was taught by earlier batches only
    (progressive validation, Blum et al., COLT 1999).
    """

    def __init__(self, settings: Settings, base: str, state: LearnerState | None = None) -> None:
        self.base = base
        self.counts: Counter[str] = Counter()
        self._settings = settings
        self._values = {action: float(getattr(settings, f"weight_{action}")) for action in ACTIONS}
        rates = Rates(settings.learn_rate, settings.learn_decay, settings.learn_user_cap)
        bounds = Bounds(settings.learn_max_step, settings.learn_max_norm)
        self._pending: list[Reacted] = []
        self._of_user: Counter[str] = Counter()
        self._judged_at = 0
        zero = np.zeros(PLACE + 1)
        self.served, self.theta = Served(base, zero.tolist()), zero
        self._heads = Heads(rates, bounds, self.theta)
        self._number = self._refused = self._learned = self._capped = 0
        self._earlier: list[Served] = []
        self._against_base: deque[float] = deque(maxlen=WINDOW)
        self._offsets: dict[int, int] = {}
        if state is not None and state.schema == SCHEMA and self._sound(state):
            self._number, self._refused = state.number, state.refused
            self._learned, self._capped = state.learned, state.capped
            self.theta, self.served, self._earlier = np.array(state.theta), state.served, state.earlier
            self._against_base.extend(state.against_base)
            self._offsets = dict(state.offsets)
            self._heads = Heads(rates, bounds, self.theta, state.heads)

    def _sound(self, state: LearnerState) -> bool:
        try:
            require_sound(state, PLACE, self._settings.learn_max_norm)
        except ValueError as flaw:
            logger.warning("the learner's own state for %s cannot be gone on from, it begins anew: %s", self.base, flaw)
            return False
        return True

    def take(self, example: Example, partition: int, offset: int) -> None:
        """Keep an example for the next batch; one that was learned from before is passed over."""
        if offset < self._offsets.get(partition, 0):
            return
        if example.schema != SCHEMA:
            self.counts["other_schema"] += len(example.fresh)
            return
        if not is_sound(example):
            self.counts["unsound"] += len(example.fresh)
            return
        for reaction in reactions(example, self._values):
            if self._of_user[reaction.user] < MOST_PER_USER:
                self._of_user[reaction.user] += 1
                self._pending.append(reaction)
            else:
                self.counts["capped"] += 1
                self._capped += 1

    def judge(self, now_ms: int, read: Mapping[int, int]) -> Judgement | None:
        """Judge what is served and the candidate by the batch, then learn from it; None while there is too little to judge by.

        `read` holds the next offset of each partition of the training examples; everything before it has been given to `take`.
        """
        wanted = self._settings
        if len(self._pending) < wanted.learn_reactions or len(self._of_user) < wanted.learn_users:
            return None
        if now_ms - self._judged_at < 1000 * wanted.learn_interval_s:
            return None
        batch = instances(self._pending, self._values)
        self.counts["learned"] += len(batch)
        self._learned += len(batch)
        self._pending, self._of_user, self._judged_at, self._offsets = [], Counter(), now_ms, dict(read)
        judgement = self._decide(batch, now_ms)
        self.theta = self._heads.teach(batch, np.array(self.served.theta), seed=self._number + self._refused)
        return judgement

    def adopt(self, weights: Weights) -> None:
        """Go on from weights that the operator has restored."""
        theta = [weights.delta.get(name, 0.0) for name in FEATURES]
        if weights.by != "operator" or weights.schema != SCHEMA or Served(weights.version, theta) == self._served_features():
            return
        try:
            distance(theta, self._settings.learn_max_norm)
        except ValueError as flaw:
            logger.warning("the weights %s are passed over: %s", weights.version, flaw)
            return
        self._earlier = [served for served in self._earlier if number_of(served.version) < number_of(weights.restores or self.base)]
        self._number = max(self._number, number_of(weights.version))
        self._go_on_from(np.array([*theta, self.theta[PLACE]]))
        self.served = Served(weights.version, self.theta.tolist())
        self._against_base.clear()
        self._refused = 0

    def _served_features(self) -> Served:
        return Served(self.served.version, self.served.theta[:PLACE])

    def state(self) -> LearnerState:
        """What a later process needs to go on from here, but for the examples that wait."""
        return LearnerState(
            base=self.base,
            schema=SCHEMA,
            number=self._number,
            theta=self.theta.tolist(),
            served=self.served,
            earlier=self._earlier,
            against_base=list(self._against_base),
            refused=self._refused,
            learned=self._learned,
            capped=self._capped,
            offsets=self._offsets,
            heads=self._heads.state(),
        )

    def _decide(self, batch: Instances, now_ms: int) -> Judgement:
        served = self._mean_losses(batch, np.array(self.served.theta))
        base = self._mean_losses(batch, np.zeros(PLACE + 1))
        candidate = self._mean_losses(batch, self.theta)
        self._against_base.extend((served - base).tolist())
        metrics = {
            "reactions": float(len(batch)),
            "users": float(len(served)),
            "loss_base": float(base.mean()),
            "loss_served": float(served.mean()),
            "loss_candidate": float(candidate.mean()),
        }
        if any(self.served.theta[:PLACE]) and self._far_worse_than_base():
            return self._roll_back(batch, metrics, now_ms)
        if float((candidate - served).mean()) < 0 and self._moved():
            self._earlier = [*self._earlier, self.served][-KEPT_VERSIONS:]
            return self._serve(self.theta, metrics, now_ms, "published")
        self._refused += 1
        if self._refused >= REFUSALS:
            self._go_on_from(np.array(self.served.theta))
            self._refused = 0
        return Judgement("refused", None, metrics)

    def _go_on_from(self, theta: Array) -> None:
        self.theta = theta
        self._heads.reset(theta)

    def _mean_losses(self, batch: Instances, theta: Array) -> Array:
        # How much the place in the list explains is the same for all, whichever weights are compared.
        return user_means(losses(batch, np.append(theta[:PLACE], self.theta[PLACE])), batch.users)

    def _moved(self) -> bool:
        return bool(np.abs(self.theta[:PLACE] - np.array(self.served.theta[:PLACE])).max() > 10**-DECIMALS)

    def _far_worse_than_base(self) -> bool:
        votes = np.array(self._against_base)
        if len(votes) < 2 * self._settings.learn_users:
            return False
        error = votes.std(ddof=1) / np.sqrt(len(votes))
        return bool(votes.mean() > FAR_WORSE * error)

    def _roll_back(self, batch: Instances, metrics: dict[str, float], now_ms: int) -> Judgement:
        """Back to the version that this batch likes best, of those served before and the base itself."""
        choices = [Served(self.base, [0.0] * (PLACE + 1)), *self._earlier]
        means = [float(self._mean_losses(batch, np.array(choice.theta)).mean()) for choice in choices]
        best = int(np.argmin(means))
        self._earlier = self._earlier[:best]
        self._against_base.clear()
        self._go_on_from(np.append(choices[best].theta[:PLACE], self.theta[PLACE]))
        return self._serve(self.theta, {**metrics, "loss_restored": means[best]}, now_ms, "rolled_back", choices[best].version)

    def _serve(self, theta: Array, metrics: dict[str, float], now_ms: int, outcome: str, restores: str | None = None) -> Judgement:
        self._number += 1
        self._refused = 0
        self.served = Served(f"{self.base}+{self._number}", theta.tolist())
        made = Weights(
            version=self.served.version,
            base=self.base,
            schema=SCHEMA,
            delta=delta_of(theta),
            published_ts=now_ms,
            by="learner" if restores is None else "guard",
            restores=restores,
            metrics={name: round(value, DECIMALS) for name, value in metrics.items()},
        )
        return Judgement(outcome, made, made.metrics)


def delta_of(theta: Iterable[float]) -> dict[str, float]:
    """The weights as they are published, by feature; what rounds to nothing is left out."""
    rounded = {name: round(float(value), DECIMALS) for name, value in zip(FEATURES, theta, strict=False)}
    return {name: value for name, value in rounded.items() if value}


def number_of(version: str) -> int:
    """The number in the name of a learned version; 0 for the base itself."""
    number = version.rpartition("+")[2]
    return int(number) if number.isdigit() else 0
