"""Made-up shoppers with a known taste: lists over random features, and what they do with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.learning.examples import Example, ExampleItem, hashed
from streamrec.ranking.features.schema import FEATURES, FIRST_VERSION, SCHEMA, features_of

K, CANDIDATES = 10, 40
BASE = "2026/allow/off"


class Shoppers:
    """Serve lists by base + delta, and react to them by `taste` (a weight per feature)."""

    def __init__(self, base: dict[str, float], taste: dict[str, float], users: int = 40, seed: int = 0) -> None:
        self.base, self.taste = vector(base), vector(taste)
        self.users, self.dice, self.made = users, np.random.default_rng(seed), 0

    def example(
        self, delta: dict[str, float], version: str = BASE, user: int | None = None, taste: dict[str, float] | None = None
    ) -> Example:
        """One list that was seen, with one click on it."""
        found = drawn(self.dice, self.made).round(3)
        base = found @ self.base
        chosen = np.argsort(-(base + found @ vector(delta)))[:K]
        liked = found[chosen] @ (self.taste if taste is None else vector(taste)) - 0.3 * np.arange(K)
        clicked = int(np.argmax(liked + self.dice.gumbel(size=K)))
        self.made += 1
        actions = [{"impression": 0, **({"click": 1000} if place == clicked else {})} for place in range(K)]
        items = [
            ExampleItem(f"i{slot}", 1.0, float(base[slot]), found[slot].tolist(), done) for slot, done in zip(chosen, actions, strict=True)
        ]
        who = int(self.dice.integers(self.users)) if user is None else user
        return Example(f"l{self.made}", hashed(f"u{who}"), 0, "default", version, BASE, "", SCHEMA, items, [(clicked, "click")])

    def ndcg(self, delta: dict[str, float], lists: int = 200) -> float:
        """How near lists served with `delta` come to the best ones by the taste: NDCG with exponential gains, 1 at best."""
        dice, found = np.random.default_rng(7), []
        discount = 1 / np.log2(np.arange(K) + 2)
        for number in range(lists):
            features = drawn(dice, number)
            gain = np.exp(features @ self.taste)
            order = np.argsort(-(features @ (self.base + vector(delta))))[:K]
            found.append(float(gain[order] @ discount / (np.sort(gain)[::-1][:K] @ discount)))
        return float(np.mean(found))


def vector(weights: dict[str, float]) -> np.ndarray:
    return np.array([weights.get(name, 0.0) for name in FEATURES])


def drawn(dice: np.random.Generator, seed: int) -> NDArray[np.float64]:
    """Random features of some candidates. Features that are new draw from dice of their own: a test that needs some luck keeps it."""
    first, later = ([place for place, name in enumerate(FEATURES) if (name in features_of(FIRST_VERSION)) == old] for old in (True, False))
    table = np.zeros((CANDIDATES, len(FEATURES)))
    table[:, first] = dice.normal(size=(CANDIDATES, len(first)))
    table[:, later] = np.random.default_rng(seed).normal(size=(CANDIDATES, len(later)))
    return table
