"""How good ranked lists are, computed for many at once. Relevance is binary; lists shorter than k count as padded with misses.

Arrays are of shape (lists, places); a place is `hit` when its item is relevant. Where a metric is not defined it is NaN.
Precision, recall, hit rate, MRR and NDCG are those of trec_eval (P@k, R@k, Success@k, RR@k, nDCG@k).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def accuracy(hit: Bools, relevant: Ints, k: int) -> dict[str, Floats]:
    """Precision, recall, F1, hit rate, NDCG and MRR at k of every list.

    Args:
        hit: (lists, places), in rank order.
        relevant: (lists,), how many items are relevant, listed or not; at least one.
    """
    top = hit[:, :k]
    hits = top.sum(1).astype(np.float64)
    precision, recall = hits / k, hits / relevant
    discounts = 1 / np.log2(np.arange(2, k + 2))
    # The best list has all its relevant items first, as many as fit.
    ideal = np.cumsum(discounts)[np.minimum(relevant, k) - 1]
    first = np.argmax(top, 1) + 1 if top.shape[1] else np.ones(len(top))
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * hits / (k + relevant),
        "hit_rate": (hits > 0).astype(np.float64),
        "ndcg": top @ discounts[: top.shape[1]] / ideal,
        "mrr": np.where(hits > 0, 1 / first, 0.0),
    }


def auc(hit: Bools, listed: Ints, relevant: Ints, known: Ints) -> Floats:
    """The probability that a relevant item stands before an irrelevant one, among all items known when the list was made.

    Items outside the list tie with each other behind its last place; a tie counts half.

    Args:
        hit: (lists, places), in rank order, False behind the end of a list.
        listed: (lists,), items in the list.
        relevant: (lists,), relevant items, listed or not.
        known: (lists,), items that could have been listed, relevant ones among them.
    """
    irrelevant = known - relevant
    hits = hit.sum(1)
    # Counted instead of compared pair by pair: a list has k places, the catalogue thousands of items.
    irrelevant_before: Ints = np.cumsum(~hit, axis=1) - ~hit
    won_by_listed = (hit * (irrelevant[:, None] - irrelevant_before)).sum(1)
    won_by_unlisted = (relevant - hits) * (irrelevant - (listed - hits)) / 2
    pairs = (relevant * irrelevant).astype(np.float64)
    return _quotient(won_by_listed + won_by_unlisted, pairs)


def novelty(top: Ints, users_of_item: Ints, users: int) -> Floats:
    """Mean self-information of the places, in bits (Zhou et al., PNAS 107, 2010).

    It is -log2 of the share of users who had to do with the item, with one user added so that no share is 0.

    Args:
        top: (lists, k), item numbers, -1 behind the end of a list.
        users_of_item: (items,), how many users had to do with each item.
    """
    bits = -np.log2((users_of_item + 1) / (users + 1))
    return _quotient(np.where(top >= 0, bits[top], 0.0).sum(1), (top >= 0).sum(1).astype(np.float64))


def diversity(top: Ints, pieces: Mapping[int, Sequence[int]]) -> Floats:
    """Mean Jaccard distance between the items of each list, by words of the title and category.

    Args:
        top: (lists, k), item numbers, -1 behind the end of a list.
        pieces: the distinct numbers of each item's words; an item without an entry is left out.
    """
    return np.fromiter(map(_distance, top, repeat(pieces)), np.float64, len(top))


def _distance(places: Ints, pieces: Mapping[int, Sequence[int]]) -> float:
    known = [pieces[place] for place in places.tolist() if place in pieces]
    if len(known) < 2:
        return np.nan
    sizes = np.array([len(words) for words in known])
    distinct, columns = np.unique([word for words in known for word in words], return_inverse=True)
    has = np.zeros((len(known), len(distinct)))
    has[np.repeat(np.arange(len(known)), sizes), columns] = 1
    shared = has @ has.T
    above = np.triu_indices(len(known), 1)
    union = (sizes[:, None] + sizes - shared)[above]
    return float(1 - np.mean(np.divide(shared[above], union, out=np.ones(len(union)), where=union > 0)))


def _quotient(top: Floats, bottom: Floats) -> Floats:
    quotient: Floats = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
    return quotient
