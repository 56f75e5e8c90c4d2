from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from streamrec.bert.cache import ENTRY_BYTES, WAYS, PairKeys, ScoreCache

KB = 1 << 10
KEYS = st.lists(st.integers(1, 2**64 - 1), min_size=1, max_size=60, unique=True)


def keys_of(values: list[int]) -> np.ndarray:
    return np.array(values, np.uint64)


@given(st.lists(KEYS, min_size=1, max_size=8))
def test_what_is_found_is_what_was_put(batches: list[list[int]]) -> None:
    cache, truth = ScoreCache(4 * KB), dict[int, float]()
    for number, batch in enumerate(batches):
        keys = keys_of(batch)
        found = cache.get(keys)
        known = ~np.isnan(found)
        assert all(truth[key] == score for key, score in zip(keys[known].tolist(), found[known].tolist(), strict=True))
        scores = np.arange(len(keys), dtype=np.float32) + 100 * number
        cache.put(keys[~known], scores[~known])
        truth |= dict(zip(keys[~known].tolist(), scores[~known].tolist(), strict=True))


def test_as_many_are_kept_as_fit_into_the_bytes_and_no_more() -> None:
    cache = ScoreCache(KB)
    keys = np.random.default_rng(0).integers(1, 2**64 - 1, 10_000, np.uint64)
    cache.put(keys, np.ones(len(keys), np.float32))
    assert np.isfinite(cache.get(keys)).sum() == KB // ENTRY_BYTES


def test_what_was_used_longest_ago_makes_way() -> None:
    cache = ScoreCache(WAYS * ENTRY_BYTES)
    keys = np.arange(1, WAYS + 1, dtype=np.uint64)
    for key in keys:
        cache.put(np.array([key]), np.ones(1, np.float32))
    cache.get(keys[:1])
    cache.put(keys_of([99]), np.ones(1, np.float32))
    assert np.isnan(cache.get(keys)).tolist() == [False, True] + [False] * (WAYS - 2)


def test_a_cache_without_bytes_keeps_nothing() -> None:
    cache = ScoreCache(0)
    cache.put(keys_of([1]), np.ones(1, np.float32))
    assert np.isnan(cache.get(keys_of([1]))).all()


TOKENS = arrays(np.int32, (12, 5), elements=st.integers(0, 3))


@given(TOKENS, TOKENS)
def test_pairs_have_one_key_when_they_are_equal_and_two_when_not(users: np.ndarray, items: np.ndarray) -> None:
    keys = PairKeys()(users, items, np.arange(12)[::-1])
    pairs = [(users[11 - number].tobytes(), items[number].tobytes()) for number in range(12)]
    for one in range(12):
        for other in range(12):
            assert (keys[one] == keys[other]) == (pairs[one] == pairs[other])
