"""Texts of mixed lengths, out of the shipped sample."""

from __future__ import annotations

import gzip
import json

import numpy as np

from streamrec.simulator.playback import SAMPLE_ITEMS

USERS = 16
Pair = tuple[str, str]


def titles() -> list[str]:
    """Every title once."""
    with gzip.open(SAMPLE_ITEMS, "rt") as file:
        return sorted({str(json.loads(line)["title"]) for line in file})


def users(count: int, seed: int = 7) -> list[str]:
    """What each touched last: one to six titles."""
    rng, known = np.random.default_rng(seed), titles()
    return [" ".join(rng.choice(known, rng.integers(1, 7))) for _ in range(count)]


def pairs(count: int, seed: int = 7) -> list[Pair]:
    """Distinct pairs, user by user."""
    rng, known, own = np.random.default_rng(seed), titles(), users(USERS, seed)
    each = -(-count // USERS)
    return [(user, str(item)) for user in own for item in rng.choice(known, each, replace=False)][:count]
