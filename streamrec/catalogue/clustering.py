"""The clusters of a large catalogue's vectors: kept up as its items come, go and change, made anew when too much of it has changed."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.clusters import Clusters, clustered

logger = logging.getLogger(__name__)
LARGE = 50_000
"""From so many items on there are clusters. In batches of 64, they take two thirds of the time of an exact search among 50,000 items, and
not much less than it among 20,000."""
AT_ONCE = 1_024
"""Slots that are put into clusters before a search, which waits some 10 ms for them. While there are more, searches are exact."""
EVERY = 1_000
"""One in so many searches is made exactly, too: among a million items that takes 80 ms, so 0.08 ms for each search."""
LAST = 100
"""Measurements of which the recall is the mean."""
Start = Callable[[Callable[[], Any]], "Future[Any]"]


def at_once(work: Callable[[], Any]) -> Future[Any]:
    """Do it here and now, so that the same events give the same lists."""
    done: Future[Any] = Future()
    _do(work, done)
    return done


def beside(work: Callable[[], Any]) -> Future[Any]:
    """Do it on a thread of its own, so that lists are made meanwhile; the end of the process does not wait for it."""
    done: Future[Any] = Future()
    threading.Thread(target=_do, args=(work, done), daemon=True, name="clusters").start()
    return done


def _do(work: Callable[[], Any], done: Future[Any]) -> None:
    try:
        done.set_result(work())
    except Exception as fault:
        done.set_exception(fault)


class Clustering:
    """Belongs to the thread that ranks and applies changes; others may ask for `state` and `recall`."""

    def __init__(self, start: Start = at_once, large: int = LARGE) -> None:
        """`start` does what takes long: here and now, or beside what goes on. There are clusters of `large` catalogues."""
        self._start, self.large = start, large
        self._given_up = False
        self._searches = 0
        self._job: Future[Clusters] | None = None
        self.renew()

    def renew(self) -> None:
        """Begin anew: all vectors are those of another model."""
        self._clusters: Clusters | None = None
        self._made_of = 0
        self._changed: dict[int, None] = {}
        # None while what is being made is of former vectors.
        self._missed: dict[int, None] | None = None
        self._recalls: deque[float] = deque(maxlen=LAST)

    def changed(self, slots: Iterable[int]) -> None:
        """Take note that these slots got another vector, or none."""
        if self._clusters is not None:
            self._changed.update(dict.fromkeys(slots))
            if 2 * len(self._changed) > self._made_of:
                self._clusters, self._changed = None, {}
        if self._missed is not None:
            self._missed.update(dict.fromkeys(slots))

    def ready(self, vectors: NDArray[np.float32], listed: NDArray[np.bool_]) -> Clusters | None:
        """The clusters of the `vectors` (slots, dim) of all `listed` slots; None as long as they are not there, or not up to date."""
        self._take_over()
        if self._due(int(np.count_nonzero(listed))):
            self._begin(vectors, np.flatnonzero(listed).astype(np.int32))
            self._take_over()
        if self._clusters is not None and self._changed:
            slots = np.array(list(islice(self._changed, AT_ONCE)), np.int32)
            for slot in slots.tolist():
                del self._changed[slot]
            there = listed[slots]
            self._clusters.remove(slots[~there])
            self._clusters.put(slots[there], vectors[slots[there]])
        return None if self._changed else self._clusters

    def turn(self, searches: int) -> int | None:
        """Which of the next `searches` is to be made exactly, too, if any."""
        turn = -self._searches % EVERY
        self._searches += searches
        return turn if turn < searches else None

    def measure(self, recall: Callable[[], float]) -> None:
        """Take note of the share that a search found of what it should have; NaN where there was nothing to find."""
        recalls = self._recalls

        def note() -> None:
            if not math.isnan(share := recall()):
                recalls.append(share)

        self._start(note)

    def recall(self) -> float | None:
        """The mean share that the last measured searches found of what exact ones find; None before the first."""
        recalls = list(self._recalls)
        return sum(recalls) / len(recalls) if recalls else None

    def state(self) -> dict[str, int]:
        """How many clusters there are, how many items are in them, how many wait for theirs, and whether others are being made."""
        clusters = self._clusters
        return {
            "clusters": len(clusters.centres) if clusters is not None else 0,
            "items": len(clusters) if clusters is not None else 0,
            "waiting": len(self._changed),
            "building": int(self._job is not None),
        }

    def _due(self, items: int) -> bool:
        if self._job is not None or self._given_up or items < self.large:
            return False
        return self._clusters is None or items >= 2 * self._made_of or 2 * self._clusters.moves >= self._made_of

    def _begin(self, vectors: NDArray[np.float32], slots: NDArray[np.int32]) -> None:
        self._missed, began = {}, time.perf_counter()

        def make() -> Clusters:
            # Rows may change under it: those are put into clusters again when it is taken over.
            made = clustered(vectors, slots)
            logger.info("%d items are in %d clusters (%.1f s)", len(slots), len(made.centres), time.perf_counter() - began)
            return made

        self._job = self._start(make)

    def _take_over(self) -> None:
        if self._job is None or not self._job.done():
            return
        job, missed, self._job, self._missed = self._job, self._missed, None, None
        fault = job.exception()
        if fault is not None:
            logger.error("clusters could not be made, the nearest items are told exactly from here on", exc_info=fault)
            self._given_up = True
        elif missed is not None:
            self._clusters, self._changed = job.result(), missed
            self._made_of = len(self._clusters)
