"""The columns say of each item what its record and its statistics say, and nothing of items that are gone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.encoded import Encoded, item_text
from streamrec.catalogue.items import NEVER, ItemTable
from streamrec.events.types import Item
from streamrec.state.item import COUNTRIES, HALF_LIVES, KINDS
from streamrec.state.stats import ItemStats
from tests.shop import NOW, WordModel, item

LABELS = st.none() | st.sampled_from(["toys", "books", "tea"])
ITEMS = st.builds(
    item,
    st.sampled_from("abcde"),
    st.sampled_from(["red mug", "blue mug", "tea towel"]),
    price=st.floats(0, 1e6),
    category=LABELS,
    brand=LABELS,
    stock=st.none() | st.integers(0, 2),
    available=st.booleans(),
    created_ts=st.none() | st.integers(NOW - 1000, NOW),
)
AMOUNTS = st.floats(0, 1e6)
STATS = st.builds(
    ItemStats,
    st.integers(1, 5),
    st.integers(NOW - 1000, NOW),
    st.integers(NOW - 2000, NOW - 1000),
    st.lists(st.lists(AMOUNTS, min_size=len(HALF_LIVES), max_size=len(HALF_LIVES)), min_size=len(KINDS), max_size=len(KINDS)),
    st.just([("x", 1.0)]),
    st.just([("y", 2.0)]),
    AMOUNTS,
    st.integers(0, NOW),
    st.lists(st.tuples(st.sampled_from(["GB", "FR", "DE"]), AMOUNTS.filter(bool)), max_size=3, unique_by=lambda pair: pair[0]),
    st.just(True),
)
STEPS = st.lists(
    st.one_of(st.tuples(st.just("put"), ITEMS), st.tuples(st.just("remove"), st.sampled_from("abcde")), st.tuples(st.just("stats"), STATS)),
    max_size=30,
)


def play(steps: list[tuple[str, Any]], items: ItemTable) -> dict[str, Item]:
    """The items that are listed after the steps; statistics go to whichever item is first by id."""
    listed: dict[str, Item] = {}
    for kind, value in steps:
        match kind:
            case "put":
                items.put([value])
                listed[value.item_id] = value
            case "remove" if value in listed:
                items.remove(items.slots[value])
                del listed[value]
            case "stats" if listed:
                items.put_stats(items.slots[min(listed)], value)
    return listed


@given(STEPS)
def test_after_any_changes_the_columns_say_what_the_records_say(steps: list[tuple[str, Any]]) -> None:
    items = ItemTable(WordModel())
    listed = play(steps, items)
    assert items.slots.keys() == listed.keys()
    for item_id, record in listed.items():
        slot = items.slots[item_id]
        assert items.listed[slot]
        assert items.on_sale[slot] == (record.available and record.stock != 0)
        assert items.created[slot] == (record.created_ts or 0)
        assert items.log_price[slot] == pytest.approx(math.log(record.price) if record.price else math.nan, abs=1e-5, nan_ok=True)
        category = record.category or record.brand
        assert items.category[slot] == (items.category_number(category) if category else 0)
        assert (items.titles[slot], items.texts[slot]) == (record.title, item_text(record))
        assert items.tokens[slot].tolist() == WordModel().tokenize([item_text(record)], 8)[0].tolist()
    for column in (items.category, items.brand):
        named = {record.category or record.brand if column is items.category else record.brand for record in listed.values()} - {None}
        assert len(set(column.tolist()) - {0}) == len(named), "a number for each name in use"


@given(STEPS)
def test_an_empty_slot_holds_nothing_of_whatever_was_there(steps: list[tuple[str, Any]]) -> None:
    items = ItemTable(WordModel())
    listed = play(steps, items)
    empty = [slot for slot in range(items.size) if not items.ids[slot]]
    assert len(empty) == items.size - len(listed)
    for name, column in ItemTable.columns.items():
        assert (getattr(items, name)[empty] == column.empty).all(), name


@given(STATS)
def test_statistics_come_out_of_the_columns_as_they_went_in(stats: ItemStats) -> None:
    items = ItemTable(None)
    (slot,) = items.put([item("a")])
    assert items.put_stats(slot, stats, home=3, heard_ms=17)
    assert items.stats(slot, stats.neighbours, stats.leaders) == stats
    assert (items.home[slot], items.heard_at[slot]) == (3, 17)


@given(st.lists(STATS, min_size=1, max_size=6))
def test_of_several_statistics_the_first_of_the_highest_version_holds(heard: list[ItemStats]) -> None:
    items = ItemTable(None)
    (slot,) = items.put([item("a")])
    for stats in heard:
        items.put_stats(slot, stats)
    newest = max(heard, key=lambda stats: stats.version)
    assert items.stats(slot, newest.neighbours, newest.leaders) == newest


def test_clearing_the_statistics_gives_back_the_numbers_of_countries() -> None:
    items = ItemTable(None)
    (slot,) = items.put([item("a")])
    countries = [(f"country {number}", 1.0) for number in range(COUNTRIES)]
    items.put_stats(slot, ItemStats(1, NOW, NOW, [[1.0] * 4] * len(KINDS), [], countries=countries))
    assert len(items.countries) == COUNTRIES
    items.clear_stats(slot)
    assert (len(items.countries), items.version[slot], items.first_sale[slot]) == (0, 0, NEVER)


class Louder(WordModel):
    """A model that reads more tokens, and other ones."""

    max_item_tokens = 12

    def tokenize(self, texts: Any, limit: int) -> Any:
        return super().tokenize([text.upper() + " loud" for text in texts], limit)


@given(st.lists(ITEMS, min_size=1, max_size=8), st.lists(ITEMS, max_size=4))
def test_another_model_reads_every_item_also_those_that_changed_while_it_prepared(before: list[Item], meanwhile: list[Item]) -> None:
    items = ItemTable(WordModel())
    for record in before:
        items.put([record])
    prepared = Encoded(Louder())
    prepared.update(items.texts.copy(), range(items.size))
    for record in meanwhile:
        items.put([record])
    items.take_model(prepared)
    fresh = ItemTable(Louder())
    for item_id in items.ids:
        fresh.put([next(record for record in reversed([*before, *meanwhile]) if record.item_id == item_id)])
    assert items.tokens.shape == (items.size, 12)
    assert (items.tokens == fresh.tokens).all()
    assert np.allclose(items.vectors, fresh.vectors)
