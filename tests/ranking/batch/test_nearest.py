"""The nearest items of a large shop are those of a search through all of it, as far as their clusters are looked through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.clusters import Clusters, assigned, clustered
from streamrec.catalogue.encoded import Encoded
from streamrec.ranking.batch import nearest as module
from streamrec.ranking.batch.context import Context, context
from streamrec.ranking.batch.nearest import exact, in_clusters, nearest, share
from streamrec.ranking.batch.queries import queries
from streamrec.state.apply import apply
from streamrec.state.user import UserRow
from tests.catalogue.test_clusters import unit
from tests.shop import NOW, WordModel, catalogue, item, view

COUNT = 5


def rows(found: Any) -> list[list[int]]:
    return [sorted(slot for slot in row if slot >= 0) for row in found.tolist()]


def expected(asked: Any, vectors: Any, pool: Any, id_rank: Any) -> list[list[int]]:
    """What exact search is to find, user by user."""
    lists = []
    for user in asked:
        products = np.array([np.float32(vector @ user) for vector in vectors])
        slots = [slot for slot in range(len(vectors)) if pool[slot] and products[slot] > 0]
        lists.append(sorted(sorted(slots, key=lambda slot: (-products[slot], id_rank[slot]))[:COUNT]))
    return lists


@given(st.integers(0, 99), st.integers(1, 70), st.floats(0, 1))
def test_exact_search_finds_the_nearest_of_the_pool(seed: int, users: int, open_: float) -> None:
    dice, vectors, asked = np.random.default_rng(seed), unit(seed, 50), unit(seed + 1, users)
    pool, id_rank = dice.random(50) < open_, dice.permutation(50)
    found = exact(asked, vectors, np.flatnonzero(pool).astype(np.int32), pool, id_rank, COUNT)
    assert rows(found) == expected(asked, vectors, pool, id_rank)


def test_many_users_are_compared_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PRODUCTS", 120)
    vectors, asked, pool, id_rank = unit(1, 50), unit(2, 7), np.ones(50, bool), np.arange(50)
    assert rows(exact(asked, vectors, np.arange(50, dtype=np.int32), pool, id_rank, COUNT)) == expected(asked, vectors, pool, id_rank)


@given(st.integers(0, 99), st.integers(1, 70), st.floats(0, 1))
def test_a_search_through_all_clusters_is_exact(seed: int, users: int, open_: float) -> None:
    dice, vectors, asked = np.random.default_rng(seed), unit(seed, 60), unit(seed + 1, users)
    pool, id_rank = dice.random(60) < open_, dice.permutation(60)
    clusters = clustered(vectors, np.arange(60, dtype=np.int32))
    found = in_clusters(asked, vectors, clusters, len(clusters.centres), pool, id_rank, COUNT)
    assert rows(found) == expected(asked, vectors, pool, id_rank)


@given(st.integers(0, 99), st.integers(1, 15))
def test_a_search_through_some_clusters_finds_the_nearest_of_their_members(seed: int, probes: int) -> None:
    vectors, asked, id_rank = unit(seed, 60), unit(seed + 1, 3), np.arange(60)
    clusters = clustered(vectors, np.arange(60, dtype=np.int32))
    found = in_clusters(asked, vectors, clusters, probes, np.ones(60, bool), id_rank, COUNT)
    own = np.argmax(vectors @ clusters.centres.T, axis=1)
    for user, row in zip(asked, rows(found), strict=True):
        members = np.isin(own, np.argsort(-(clusters.centres @ user))[:probes])
        assert row == expected(user[None], vectors, members, id_rank)[0]


def test_who_is_interested_in_nothing_is_near_to_nothing_and_looks_through_no_cluster() -> None:
    vectors, asked = unit(1, 60), np.zeros((2, 8), np.float32)
    clusters = clustered(vectors, np.arange(60, dtype=np.int32))
    assert not module._chosen(asked, clusters.centres, 3).any()
    assert rows(in_clusters(asked, vectors, clusters, 3, np.ones(60, bool), np.arange(60), COUNT)) == [[], []]


STEPS = st.lists(st.tuples(st.sampled_from(["put", "remove"]), st.sets(st.integers(0, 59), min_size=1), st.integers(0, 99)), max_size=8)


@given(STEPS)
def test_clusters_that_were_kept_up_find_what_those_made_anew_of_the_same_vectors_find(steps: list[tuple[str, set[int], int]]) -> None:
    vectors, listed, asked, id_rank = unit(1, 60), np.ones(60, bool), unit(5, 4), np.arange(60)
    kept = clustered(vectors, np.arange(60, dtype=np.int32))
    for kind, chosen, seed in steps:
        slots = np.array(sorted(chosen), np.int32)
        listed[slots] = kind == "put"
        if kind == "put":
            vectors[slots] = unit(seed, len(slots))
            kept.put(slots, vectors[slots])
        else:
            kept.remove(slots)
    anew = Clusters(kept.centres, np.where(listed, assigned(kept.centres, vectors), np.int32(-1)))
    # Also where the pool does not say that an item is gone.
    for pool in (listed, np.ones(60, bool)):
        found = [in_clusters(asked, vectors, clusters, 4, pool, id_rank, COUNT) for clusters in (kept, anew)]
        assert rows(found[0]) == rows(found[1])
        assert not set(found[0].ravel().tolist()) & set(np.flatnonzero(~listed).tolist())


def test_a_list_does_not_depend_on_who_else_asks() -> None:
    vectors, asked, id_rank = unit(1, 600, 128), unit(2, 70, 128), np.arange(600)
    clusters = clustered(vectors, np.arange(600, dtype=np.int32))
    together = rows(in_clusters(asked, vectors, clusters, 6, np.ones(600, bool), id_rank, COUNT))
    alone = [rows(in_clusters(asked[n : n + 1], vectors, clusters, 6, np.ones(600, bool), id_rank, COUNT))[0] for n in range(70)]
    assert together == alone


def test_share_is_of_what_there_was_to_find() -> None:
    found, right = np.array([3, 1, -1], np.int32), np.array([1, 2, 3, 4, -1], np.int32)
    assert share(found, right) == 0.5
    assert np.isnan(share(found, np.full(3, -1, np.int32)))


def large_shop() -> tuple[Catalogue, UserRow]:
    """Mugs of four colours and hoses; whoever looks for those of one colour finds them in a few clusters."""
    titles = [f"{colour} mug {size}" for colour in ("red", "blue", "green", "white") for size in range(20)] + ["garden hose"] * 20
    shop = catalogue(*(item(f"{number:03}", title) for number, title in enumerate(titles)), model=WordModel())
    shop.items.clustering.large = 50
    row = UserRow()
    apply(row, view("u", "003"))
    return shop, row


def asked(shop: Catalogue, row: UserRow) -> Context:
    return context(queries([row], [NOW], [None], shop), shop, shop.for_sale(live_only=False))


def test_a_large_shop_is_searched_in_clusters_and_the_recall_of_the_first_search_is_told() -> None:
    shop, row = large_shop()
    found = rows(nearest(asked(shop, row), COUNT))[0]
    assert shop.items.slots["003"] in found
    assert shop.items.clustering.state()["clusters"] == 40
    assert shop.items.clustering.recall() is not None


def test_what_is_off_sale_or_removed_is_not_found_and_its_slot_is_found_by_what_took_it() -> None:
    shop, row = large_shop()
    nearest(asked(shop, row), COUNT)
    shop.remove_item("004")
    nearest(asked(shop, row), COUNT)
    assert shop.items.clustering.state()["items"] == len(shop.items)
    shop.put_items([item("005", "red mug 5", available=False), item("new", "red mug 3"), item("more", "red mug 3")])
    found = {shop.items.ids[slot] for slot in nearest(asked(shop, row), 20)[0] if slot >= 0}
    assert {"003", "new", "more"} <= found
    assert not {"004", "005"} & found


def test_after_a_swap_of_the_model_clusters_are_made_of_its_vectors() -> None:
    shop, row = large_shop()
    nearest(asked(shop, row), COUNT)
    encoded = Encoded(WordModel())
    encoded.update(shop.items.texts, range(shop.items.size))
    shop.items.take_model(encoded)
    assert shop.items.clustering.state()["clusters"] == 0


def test_a_small_pool_of_a_large_shop_is_searched_exactly() -> None:
    shop, row = large_shop()
    shop.put_items([item(item_id, "red mug", available=False) for item_id in list(shop.items.slots)[10:]])
    assert rows(nearest(asked(shop, row), 20))[0] == list(range(10))
    assert shop.items.clustering.state()["clusters"] == 0
