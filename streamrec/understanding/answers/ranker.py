"""Which candidate answers a question, and how sure that is: small networks, learned by `streamrec/training/steps/answers.py`."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from streamrec.errors import StreamrecError
from streamrec.events.speech import Intent
from streamrec.understanding.answers.candidates import Candidate
from streamrec.understanding.answers.features import COLUMNS, Bonds, Floats, features
from streamrec.understanding.answers.terms import Reading

PACKAGED = Path(__file__).with_name("weights") / "ranker.json"
_FAR = 4.0
"""Standardised features are held within so many deviations: what was never seen must not decide."""


@dataclass(frozen=True, slots=True)
class Network:
    """A linear layer, and beside it one hidden layer of tanh: features -> score."""

    straight: Floats
    hidden: Floats
    shift: Floats
    out: Floats
    bias: float

    def scores(self, standardised: Floats) -> Floats:
        """The score (a logit) of each row."""
        scores: Floats = standardised @ self.straight + np.tanh(standardised @ self.hidden + self.shift) @ self.out + self.bias
        return scores


@dataclass(frozen=True, slots=True)
class Ranker:
    """The mean of several networks, the bonds of words that features need, and what makes a confidence of the best score and its lead."""

    mean: Floats
    deviation: Floats
    networks: Sequence[Network]
    bonds: Bonds
    sureness: tuple[float, float, float]
    threshold: float
    """The least confidence with which a question is answered."""

    def scores(self, rows: Floats) -> Floats:
        """The score of each candidate."""
        standardised = np.clip((rows - self.mean) / self.deviation, -_FAR, _FAR)
        scores: Floats = np.mean([network.scores(standardised) for network in self.networks], axis=0)
        return scores

    def rank(self, question: Reading, title: Reading | None, intents: Sequence[Intent], found: Sequence[Candidate]) -> Floats:
        """The scores of the candidates of a question."""
        return self.scores(features(question, title, intents, found, self.bonds)) if found else np.zeros(0)

    def confidence(self, scores: Floats) -> float:
        """How likely it is that the best of these scores belongs to an answer."""
        best = np.sort(scores)[::-1]
        lead = best[0] - best[1] if len(best) > 1 else 0.0
        weight, of_lead, bias = self.sureness
        return 1 / (1 + math.exp(-(weight * best[0] + of_lead * min(lead, 3.0) + bias)))


def read_ranker(path: Path) -> Ranker:
    """A ranker of a file.

    Raises:
        StreamrecError: it is none, or reads other features than this version makes.
    """
    try:
        told: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if tuple(told["columns"]) != COLUMNS:
            raise StreamrecError(f"{path} reads other features than this version makes; train it anew")
        networks = [_network(one) for one in told["networks"]]
        weight, of_lead, bias = told["sureness"]
        return Ranker(
            np.array(told["mean"]), np.array(told["deviation"]), networks, told["bonds"], (weight, of_lead, bias), told["threshold"]
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise StreamrecError(f"{path} is no ranker of answers: {exc}") from exc


def _network(told: dict[str, Any]) -> Network:
    straight, hidden, shift, out = (np.array(told[name], np.float64) for name in ("straight", "hidden", "shift", "out"))
    return Network(straight, hidden, shift, out, float(told["bias"]))


@cache
def packaged() -> Ranker:
    """The ranker that comes with streamrec."""
    return read_ranker(PACKAGED)
