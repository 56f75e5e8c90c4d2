"""Facts that explain a place: the user's own item that speaks for it, and how many bought it."""

from __future__ import annotations

from streamrec.catalogue.catalogue import Catalogue
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.ranker import Ranker
from streamrec.state.apply import apply
from streamrec.state.user import UserRow
from tests.catalogue.test_catalogue import stats
from tests.shop import DAY, NOW, WordModel, catalogue, item, purchase, settings, view


def because(shop: Catalogue, row: UserRow) -> dict[str, str | None]:
    result = Ranker(shop, settings(repeats="exclude", k=20)).rank(queries([row], [NOW], [None], shop))
    ids = shop.items.ids
    return {ids[slot]: ids[own] if own >= 0 else None for slot, own in zip(result.slots[0], result.because[0], strict=True) if slot >= 0}


def test_what_resembles_or_was_bought_with_an_item_of_the_user_names_that_item() -> None:
    shop = catalogue(
        item("mug", "red mug"), item("hose", "garden hose"), item("mug2", "red mug large"), item("rake", "iron rake"), model=WordModel()
    )
    shop.put_items([item(f"other{number}", f"thing{number}") for number in range(5)])
    for number in range(5):
        shop.put_stats(f"other{number}", stats(1))
    shop.put_stats("rake", stats(3, before=[("hose", 3.0)]))
    row = UserRow()
    apply(row, purchase("u", "mug"))
    apply(row, view("u", "hose", NOW - DAY))
    found = because(shop, row)
    assert found["mug2"] == "mug"
    assert found["rake"] == "hose"
    assert found["other0"] is None
    assert found["hose"] != "hose"


def test_a_user_without_a_history_has_nothing_that_speaks_for_an_item() -> None:
    shop = catalogue(item("a"), item("b"), model=WordModel())
    shop.put_stats("a", stats(3))
    assert set(because(shop, UserRow()).values()) == {None}


def test_purchases_of_the_week_are_told_as_they_stand_at_the_users_time() -> None:
    shop = catalogue(item("a"), item("b"))
    shop.put_stats("a", stats(10))
    shop.put_stats("b", stats(1))
    ranker = Ranker(shop, settings())
    asked = queries([UserRow(), UserRow()], [NOW, NOW + 7 * DAY], [None, None], shop)
    # Of ten purchases at once ln 2 * 10 count, and half as many a half-life later; one is too few to speak of.
    assert ranker.rank(asked).bought_7d[:, :3].tolist() == [[7, 0, 0], [3, 0, 0]]
