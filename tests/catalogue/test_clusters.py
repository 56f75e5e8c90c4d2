"""Clusters hold each slot once, in the cluster of its vector, however slots came, moved and went."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.clusters import LEAST_SPARE, PROBES, Clusters, assigned, clustered

SLOTS = 3 * LEAST_SPARE
STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "remove"]), st.sets(st.integers(0, SLOTS - 1), min_size=1), st.integers(0, 99)), max_size=12
)


def unit(seed: int, count: int, dim: int = 8) -> Any:
    vectors = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def held(clusters: Clusters) -> list[set[int]]:
    """The members of each cluster, checked to be there once."""
    lists = [
        clusters.members[begin : begin + size].tolist() for begin, size in zip(clusters.begins[:-1], clusters.sizes.tolist(), strict=True)
    ]
    together = [slot for members in lists for slot in members]
    assert len(together) == len(set(together)) == len(clusters)
    assert (clusters.sizes <= np.diff(clusters.begins)).all()
    return [set(members) for members in lists]


@given(STEPS)
def test_clusters_that_were_kept_up_hold_what_those_made_anew_of_the_same_vectors_hold(steps: list[tuple[str, set[int], int]]) -> None:
    centres, vectors, there = unit(1, 3), unit(2, SLOTS), set[int]()
    kept = Clusters(centres, np.full(0, -1, np.int32))
    for kind, chosen, seed in steps:
        slots = np.array(sorted(chosen), np.int32)
        if kind == "put":
            vectors[slots] = unit(seed, len(slots))
            kept.put(slots, vectors[slots])
            there |= chosen
        else:
            kept.remove(slots)
            there -= chosen
    own = np.array([assigned(centres, vectors[slot : slot + 1])[0] if slot in there else -1 for slot in range(SLOTS)], np.int32)
    assert held(kept) == held(Clusters(centres, own))
    assert len(kept) == len(there)


def test_a_full_cluster_gets_more_room() -> None:
    centres, vectors = unit(1, 4), np.repeat(unit(1, 1), 500, axis=0)
    kept = Clusters(centres, np.full(0, -1, np.int32))
    for slot in range(500):
        kept.put(np.array([slot], np.int32), vectors[slot : slot + 1])
    assert held(kept) == [set(range(500)), set(), set(), set()]


def test_moves_count_what_came_went_or_changed_its_cluster() -> None:
    centres = unit(1, 4)
    kept, slots = Clusters(centres, np.full(0, -1, np.int32)), np.arange(4, dtype=np.int32)
    kept.put(slots, centres)
    assert kept.moves == 4
    kept.put(slots, centres)
    assert kept.moves == 4
    kept.put(slots[:2], centres[[0, 2]])
    assert kept.moves == 5
    kept.remove(np.array([3, 9], np.int32))
    assert kept.moves == 6


def test_the_smaller_the_pool_the_more_clusters_are_looked_through() -> None:
    many = 3 * PROBES
    clusters = Clusters(unit(1, many), np.arange(1000, dtype=np.int32) % many)
    assert [clusters.probes(pool) for pool in (1000, 500, 10)] == [PROBES, 2 * PROBES, many]


def test_vectors_around_a_few_directions_are_told_apart() -> None:
    ways = np.eye(8, dtype=np.float32)[:4]
    vectors = np.repeat(ways, 100, axis=0) + 0.05 * unit(3, 400)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    made = clustered(vectors, np.arange(400, dtype=np.int32))
    assert len(made) == 400
    assert np.linalg.norm(made.centres, axis=1) == pytest.approx(1, abs=1e-5)
    for members in held(made):
        assert len({slot // 100 for slot in members}) <= 1


def test_the_same_vectors_give_the_same_clusters_and_other_slots_are_in_none() -> None:
    vectors, slots = unit(4, 300), np.arange(0, 300, 2, dtype=np.int32)
    one, other = clustered(vectors, slots), clustered(vectors, slots)
    assert held(one) == held(other)
    assert set.union(*held(one)) == set(slots.tolist())
    assert one.moves == 0
