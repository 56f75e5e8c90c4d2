"""Vectors in clusters (an inverted file): those nearest to a vector are nearly all in the few clusters whose centres are nearest to it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from streamrec.system.compiled import jit

Floats = NDArray[np.float32]
Slots = NDArray[np.int32]
PER_ROOT, PROBES = 4.0, 144
"""Clusters for each root of the number of vectors, and how many of them are looked through: for customers of UCI Online Retail that finds
.97 of the 150 nearest titles, among 50,000 as among a million, and .95 or more for viewers with three unrelated interests."""
PER_CLUSTER, ROUNDS = 32, 6
"""Vectors in the sample for each centre, and rounds of k-means. More add nothing: 97 and 20 found as many neighbours as 64 and 8."""
BLOCK = 512
"""Vectors that are compared with all centres at once. A ranking that runs meanwhile waits for such a product at most: BLAS makes one at a
time where it has threads of its own."""
SPARE, LEAST_SPARE = 4, 16
"""A cluster has room for a quarter more members, and for so many at least; when it is full, all are packed anew."""


class Clusters:
    """Slots by the centre that their vectors are nearest to. Centres stay; slots come, go and move."""

    def __init__(self, centres: Floats, own: NDArray[np.int32]) -> None:
        """`centres` are unit vectors of shape (clusters, dim); `own` says which is that of each slot, -1 for none."""
        self.centres = centres
        self.moves = 0
        """How often a slot came, went, or got another cluster."""
        self._own, self._places = own.copy(), np.zeros(0, np.int32)
        self._pack()

    def __len__(self) -> int:
        """Slots that are in a cluster."""
        return int(self.sizes.sum())

    def probes(self, pool: int) -> int:
        """How many clusters hold as many slots of a pool of so many as PROBES of them hold of all."""
        return min(len(self.centres), math.ceil(PROBES * len(self) / pool))

    def put(self, slots: Slots, vectors: Floats) -> None:
        """Put each of these slots, of which none is there twice, into the cluster of its vector (slots, dim)."""
        self._move(slots, assigned(self.centres, vectors))

    def remove(self, slots: Slots) -> None:
        """Take these slots out of their clusters, as far as they are in one."""
        self._move(slots, np.full(len(slots), -1, np.int32))

    def _move(self, slots: Slots, to: NDArray[np.int32]) -> None:
        self._reach(int(slots.max(initial=-1)) + 1)
        self.moves += int(np.count_nonzero(self._own[slots] != to))
        moved = _moved(slots, to, self._own, self._places, self.members, self.begins, self.sizes)
        if moved < len(slots):
            self._own[slots[moved:]] = to[moved:]
            self._pack()

    def _reach(self, size: int) -> None:
        if size > len(self._own):
            room = max(size, 2 * len(self._own)) - len(self._own)
            self._own = np.append(self._own, np.full(room, -1, np.int32))
            self._places = np.append(self._places, np.zeros(room, np.int32))

    def _pack(self) -> None:
        """Lay the members out by cluster, with room for some more in each."""
        sizes = np.bincount(self._own[self._own >= 0], minlength=len(self.centres))
        rooms = sizes + np.maximum(sizes // SPARE, LEAST_SPARE)
        self.begins = np.append(0, np.cumsum(rooms)).astype(np.int64)
        """Where the room of each cluster begins in `members`, and where the last one ends."""
        self.members = np.full(self.begins[-1], -1, np.int32)
        self.sizes = np.zeros(len(sizes), np.int64)
        """Members of each cluster."""
        self._places = np.zeros(len(self._own), np.int32)
        _laid_out(self._own, self._places, self.members, self.begins, self.sizes)


def clustered(vectors: Floats, slots: Slots) -> Clusters:
    """These slots in clusters, by spherical k-means over a sample; the same for the same vectors (slots, dim)."""
    clusters = min(len(slots), round(PER_ROOT * math.sqrt(len(slots))))
    centres, own = _centres(vectors, slots, clusters), np.full(len(vectors), -1, np.int32)
    for begin in range(0, len(slots), BLOCK):
        block = slots[begin : begin + BLOCK]
        own[block] = assigned(centres, vectors[block])
    return Clusters(centres, own)


def assigned(centres: Floats, vectors: Floats) -> NDArray[np.int32]:
    """The centre nearest to each vector (vectors, dim)."""
    nearest = np.zeros(len(vectors), np.int32)
    for begin in range(0, len(vectors), BLOCK):
        nearest[begin : begin + BLOCK] = np.argmax(vectors[begin : begin + BLOCK] @ centres.T, axis=1)
    return nearest


def _centres(vectors: Floats, slots: Slots, clusters: int) -> Floats:
    sample = vectors[np.random.default_rng(0).permutation(slots)[: PER_CLUSTER * clusters]]
    centres: Floats = sample[:clusters].copy()
    for _ in range(ROUNDS):
        sums = _sums(sample, assigned(centres, sample), clusters)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        # One that nothing is nearest to stays where it is.
        np.divide(sums, lengths, out=centres, where=lengths > 0)
    return centres


@jit
def _sums(vectors: Floats, own: NDArray[np.int32], clusters: int) -> Floats:
    sums = np.zeros((clusters, vectors.shape[1]), np.float32)
    for row in range(len(vectors)):
        for place in range(vectors.shape[1]):
            sums[own[row], place] += vectors[row, place]
    return sums


@jit
def _moved(
    slots: Slots,
    to: NDArray[np.int32],
    own: NDArray[np.int32],
    places: NDArray[np.int32],
    members: Slots,
    begins: NDArray[np.int64],
    sizes: NDArray[np.int64],
) -> int:
    """Move the slots in turn; returns how many were moved before a cluster had no room."""
    for turn in range(len(slots)):
        slot, former, new = slots[turn], own[slots[turn]], to[turn]
        if new == former:
            continue
        if new >= 0 and begins[new] + sizes[new] == begins[new + 1]:
            return turn
        if former >= 0:
            # The last member takes the place of the one that leaves.
            sizes[former] -= 1
            last = members[begins[former] + sizes[former]]
            members[begins[former] + places[slot]], places[last] = last, places[slot]
        own[slot] = new
        if new >= 0:
            members[begins[new] + sizes[new]], places[slot] = slot, sizes[new]
            sizes[new] += 1
    return len(slots)


@jit
def _laid_out(
    own: NDArray[np.int32], places: NDArray[np.int32], members: Slots, begins: NDArray[np.int64], sizes: NDArray[np.int64]
) -> None:
    for slot in range(len(own)):
        cluster = own[slot]
        if cluster >= 0:
            members[begins[cluster] + sizes[cluster]], places[slot] = slot, sizes[cluster]
            sizes[cluster] += 1
