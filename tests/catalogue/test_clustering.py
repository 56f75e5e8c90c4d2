"""Clusters are there when a catalogue is large, are up to date or not used, and are made anew when they should be."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from streamrec.catalogue.clustering import AT_ONCE, EVERY, Clustering, at_once, beside
from streamrec.catalogue.clusters import Clusters, clustered
from tests.catalogue.test_clusters import held, unit
from tests.patience import PATIENCE_S

LARGE = 40


class Later:
    """Does nothing before it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Future[Any]]] = []

    def __call__(self, work: Callable[[], Any]) -> Future[Any]:
        self.waiting.append((work, Future()))
        return self.waiting[-1][1]

    def finish(self) -> None:
        work, done = self.waiting.pop(0)
        done.set_result(work())


class Shop:
    """Vectors by slot, and clusters of them."""

    def __init__(self, size: int, start: Callable[[Callable[[], Any]], Future[Any]] = at_once) -> None:
        self.clustering = Clustering(start, LARGE)
        self.vectors, self.listed = unit(1, size), np.ones(size, bool)

    def change(self, slots: range, seed: int = 2) -> None:
        self.vectors[slots] = unit(seed, len(slots))
        self.clustering.changed(slots)

    def remove(self, slots: range) -> None:
        self.listed[slots] = False
        self.clustering.changed(slots)

    def add(self, count: int) -> None:
        size = len(self.vectors)
        self.vectors, self.listed = np.concatenate([self.vectors, unit(3, count)]), np.append(self.listed, np.ones(count, bool))
        self.clustering.changed(range(size, size + count))

    def ready(self) -> Clusters | None:
        return self.clustering.ready(self.vectors, self.listed)

    def right(self, clusters: Clusters | None) -> bool:
        """Whether all that is listed is in the cluster of its vector."""
        assert clusters is not None
        own = np.argmax(self.vectors @ clusters.centres.T, axis=1)
        return held(clusters) == [set(np.flatnonzero(self.listed & (own == each)).tolist()) for each in range(len(clusters.centres))]


def test_a_small_catalogue_has_no_clusters() -> None:
    shop = Shop(LARGE - 1)
    assert shop.ready() is None
    shop.add(1)
    assert shop.right(shop.ready())


def test_clusters_follow_what_comes_goes_and_changes() -> None:
    shop = Shop(100)
    shop.ready()
    shop.change(range(10))
    shop.remove(range(5, 20))
    shop.add(7)
    assert shop.clustering.state() == {"clusters": 40, "items": 100, "waiting": 27, "building": 0}
    assert shop.right(shop.ready())
    assert shop.clustering.state() == {"clusters": 40, "items": 92, "waiting": 0, "building": 0}


def test_searches_are_exact_until_clusters_are_made_and_what_changed_meanwhile_is_in_them() -> None:
    later = Later()
    shop = Shop(100, later)
    assert shop.ready() is None
    assert shop.clustering.state()["building"] == 1
    shop.change(range(10))
    shop.add(5)
    shop.remove(range(90, 95))
    assert shop.ready() is None
    assert len(later.waiting) == 1
    later.finish()
    assert shop.right(shop.ready())


def test_searches_are_exact_while_more_wait_than_are_taken_in_at_once() -> None:
    shop = Shop(4 * AT_ONCE)
    shop.ready()
    shop.change(range(AT_ONCE + 1))
    assert shop.ready() is None
    assert shop.right(shop.ready())


@pytest.mark.parametrize("grown", [True, False])
def test_clusters_are_made_anew_when_a_catalogue_has_doubled_or_half_of_it_has_changed(grown: bool) -> None:
    later = Later()
    shop = Shop(100, later)
    shop.ready()
    later.finish()
    first = shop.ready()
    for turn in range(10):
        if grown:
            shop.add(10)
        else:
            shop.change(range(10 * turn, 10 * turn + 10), seed=turn)
        assert shop.right(shop.ready())
    # The former ones go on until the others are there.
    assert shop.ready() is first
    later.finish()
    made = shop.ready()
    assert made is not first
    assert shop.right(made)
    assert not later.waiting


def test_clusters_of_which_more_than_half_changed_at_once_are_given_up() -> None:
    later = Later()
    shop = Shop(100, later)
    shop.ready()
    later.finish()
    shop.ready()
    shop.change(range(51))
    assert shop.ready() is None
    later.finish()
    assert shop.right(shop.ready())


def test_another_model_begins_anew_and_what_was_made_of_the_former_vectors_is_not_used() -> None:
    later = Later()
    shop = Shop(100, later)
    shop.clustering.measure(lambda: 1.0)
    later.finish()
    shop.ready()
    shop.vectors = unit(9, 100)
    shop.clustering.renew()
    assert shop.clustering.recall() is None
    later.finish()
    assert shop.ready() is None
    later.finish()
    assert shop.right(shop.ready())


def test_where_clusters_cannot_be_made_searches_stay_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []
    monkeypatch.setattr("streamrec.catalogue.clustering.clustered", lambda *asked: tries.append(asked) or clustered(*asked, "more"))
    shop = Shop(100)
    assert (shop.ready(), shop.ready()) == (None, None)
    assert len(tries) == 1


def test_one_search_in_so_many_is_measured_and_the_first_is() -> None:
    shop = Shop(1)
    turns = [shop.clustering.turn(searches) for searches in (3, EVERY - 4, 2, 5)]
    assert turns == [0, None, 1, None]


def test_recall_is_the_mean_of_what_was_measured_and_missing_before() -> None:
    clustering = Shop(1).clustering
    assert clustering.recall() is None
    clustering.measure(lambda: float("nan"))
    assert clustering.recall() is None
    for share in (0.9, 1.0):
        clustering.measure(lambda share=share: share)
    assert clustering.recall() == pytest.approx(0.95)


def test_clusters_made_beside_are_those_made_at_once() -> None:
    shop = Shop(100)
    made = beside(lambda: clustered(shop.vectors, np.arange(100, dtype=np.int32))).result(PATIENCE_S)
    assert shop.right(made)
    assert held(made) == held(shop.ready())  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        beside(lambda: 1 / 0).result(PATIENCE_S)
