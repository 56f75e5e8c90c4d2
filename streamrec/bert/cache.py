"""Scores of pairs that have been scored before, in a fixed number of bytes."""

from __future__ import annotations

import secrets

import numpy as np
from numpy.typing import NDArray

WAYS = 8
"""Places where a key may lie; the one that was used longest ago makes way. With fewer, keys that meet by chance would drive out fresh
ones; with more, each look-up would compare more keys."""
ENTRY_BYTES = 16
LONGEST_ROW = 512
"""A multiplier for each token of a row; BERT takes 512 positions at most."""


class PairKeys:
    """64-bit keys of (user text, item text): multilinear hashes of both sides' token ids under multipliers drawn at random.

    The texts serve as versions: a user who says or does something new, or an item whose title changes, gets new keys.
    Two given pairs share a key with a chance below 2^-46 (Carter and Wegman 1979; token ids are below 2^17).
    """

    def __init__(self) -> None:
        self._user, self._item = (self._drawn(), self._drawn())

    def __call__(self, users: NDArray[np.int32], items: NDArray[np.int32], user_of_pair: NDArray[np.intp]) -> NDArray[np.uint64]:
        """Keys of shape (P,) from users (U, S), items (P, L) and the row of `users` that belongs to each pair."""
        keys = self._hash(users, self._user)[user_of_pair] + self._hash(items, self._item)
        # The low bits of a multilinear hash are weak, and it is they that choose the place.
        keys ^= keys >> np.uint64(29)
        return np.asarray(np.maximum(keys, np.uint64(1)))

    @staticmethod
    def _drawn() -> NDArray[np.uint64]:
        return np.frombuffer(secrets.token_bytes(8 * LONGEST_ROW), np.uint64) | np.uint64(1)

    @staticmethod
    def _hash(rows: NDArray[np.int32], multipliers: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return np.asarray(rows.astype(np.uint64) @ multipliers[: rows.shape[1]])


class ScoreCache:
    """Scores by key, 8-way set-associative; 16 bytes an entry. Belongs to one model and to one thread at a time."""

    def __init__(self, limit_bytes: int) -> None:
        """Holds at most `limit_bytes`, and nothing when that is less than 128."""
        sets = limit_bytes // (WAYS * ENTRY_BYTES)
        self._keys = np.zeros((sets, WAYS), np.uint64)
        self._scores = np.zeros((sets, WAYS), np.float32)
        self._used = np.zeros((sets, WAYS), np.uint32)
        self._last = np.zeros(sets, np.intp)
        """Of several new keys of one set, the last one; says nothing between two calls."""
        self._clock = 0

    def get(self, keys: NDArray[np.uint64]) -> NDArray[np.float32]:
        """Return the scores of `keys`, NaN for those that have none."""
        scores = np.full(len(keys), np.nan, np.float32)
        if len(self._keys) == 0 or len(keys) == 0:
            return scores
        self._clock += 1
        place = self._place(keys)
        same = self._keys[place] == keys[:, None]
        (hit,) = np.nonzero(same.any(axis=1))
        way = same[hit].argmax(axis=1)
        scores[hit] = self._scores[place[hit], way]
        self._used[place[hit], way] = self._clock
        return scores

    def put(self, keys: NDArray[np.uint64], scores: NDArray[np.float32]) -> None:
        """Keep the scores of distinct keys that are not in the cache yet."""
        if len(self._keys) == 0:
            return
        self._clock += 1
        place, left = self._place(keys), np.arange(len(keys))
        # Several new keys of one set take one way after the other, oldest first.
        for _ in range(WAYS):
            self._last[place[left]] = left
            last = self._last[place[left]] == left
            own, left = left[last], left[~last]
            way = self._used[place[own]].argmin(axis=1)
            self._keys[place[own], way], self._scores[place[own], way], self._used[place[own], way] = keys[own], scores[own], self._clock
            if not len(left):
                break

    def _place(self, keys: NDArray[np.uint64]) -> NDArray[np.intp]:
        return np.asarray(keys % np.uint64(len(self._keys)), np.intp)
