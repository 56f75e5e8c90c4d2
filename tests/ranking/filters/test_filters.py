"""Each filter removes what it names and nothing else, and counts it once."""

from __future__ import annotations

from typing import Any

import numpy as np

from streamrec.catalogue.catalogue import Catalogue
from streamrec.ranking.batch.candidates import merge
from streamrec.ranking.batch.context import context
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.filters.filters import FILTERS, filters_for, run
from streamrec.state.decay import Tally
from streamrec.state.user import UserRow
from tests.ranking.features.tiny import user
from tests.shop import NOW, catalogue, item, room, rule


def removed_by(name: str, shop: Catalogue, row: UserRow | None = None) -> list[str]:
    """The items that one filter removes, of all that the shop knows."""
    (kind,) = [kind for kind in FILTERS if kind.name == name]
    ctx = context(queries([row or UserRow()], [NOW], [None], shop), shop, shop.for_sale(live_only=False))
    kept = kind().keep(ctx, np.arange(shop.items.size, dtype=np.int32)[None])
    return [item_id for item_id, stays in zip(shop.items.ids, kept[0], strict=True) if not stays]


def names(**wanted: Any) -> list[str]:
    return [applied.name for applied in filters_for(**wanted)]


def test_each_filter_removes_what_it_names() -> None:
    shop = catalogue(item("a"), item("ahead", created_ts=NOW + 1), item("out", stock=0), item("off", available=False), item("blocked"))
    shop.put_room(room("r", ["a", "out"]))
    shop.rules.put(rule("x", "block", "blocked"))
    row = user(bought={"a": (NOW, 1.0)})
    row.hidden["off"] = NOW
    row.refused["out"] = Tally(NOW, 1.0)
    assert removed_by("unlisted", shop) == ["ahead"]
    assert removed_by("sold_out", shop) == ["out", "off"]
    assert removed_by("hidden", shop, row) == ["off"]
    assert removed_by("refused", shop, row) == ["out"]
    assert removed_by("blocked", shop) == ["blocked"]
    assert removed_by("off_shelf", shop) == ["ahead", "off", "blocked"]
    assert removed_by("bought", shop, row) == ["a"]


def test_an_item_of_the_present_millisecond_is_known_and_one_that_ended_with_its_room_is_off_the_shelf() -> None:
    shop = catalogue(item("a", created_ts=NOW))
    assert removed_by("unlisted", shop) == []
    shop.put_room(room("r", ["a"]))
    assert removed_by("off_shelf", shop) == []
    shop.put_room(room("r", ["a"], status="ended"))
    assert removed_by("off_shelf", shop) == ["a"]


def test_off_shelf_applies_to_live_lists_alone_and_bought_where_repeats_are_excluded() -> None:
    assert names(repeats="exclude", live_only=True) == [kind.name for kind in FILTERS]
    always = names(repeats="allow", live_only=False)
    assert {"unlisted", "sold_out", "hidden", "refused", "blocked"} <= set(always)
    assert {"off_shelf", "bought"}.isdisjoint(always)


def test_what_two_filters_object_to_counts_under_the_first() -> None:
    shop = catalogue(item("a", stock=0), item("b"))
    row = UserRow(hidden={"a": NOW})
    ctx = context(queries([row], [NOW], [None], shop), shop, shop.for_sale(live_only=False))
    candidates = merge([np.array([[0, 1]], np.int32)], 1, shop.items.size)
    assert +run(filters_for("allow", live_only=False), ctx, candidates) == {"sold_out": 1}
    assert candidates.kept.tolist() == [[False, True]]
