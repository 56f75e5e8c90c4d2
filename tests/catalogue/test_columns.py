"""Columns are declared once: what is empty, grows and is inherited follows from the declaration."""

from __future__ import annotations

import numpy as np

from streamrec.catalogue.columns import Table, of_item, of_stats, of_text
from streamrec.catalogue.items import ItemTable
from tests.shop import WordModel, item


class Shelf(Table):
    """A table with a column of each kind."""

    dear = of_item(np.bool_, lambda item: item.price > 100)
    sold = of_stats(np.int64, empty=-1)
    pair = of_stats(np.float32, 2)
    tokens = of_text(np.int32, "max_item_tokens")


class WideShelf(Shelf):
    """The same with one more."""

    cheap = of_item(np.bool_, lambda item: item.price < 1)


def test_new_slots_are_empty_and_those_before_them_keep_what_they_hold() -> None:
    shelf = Shelf(WordModel())
    shelf._resize(1)
    shelf.dear[0], shelf.sold[0], shelf.pair[0], shelf.tokens[0] = True, 7, (1.0, 2.0), np.arange(8)
    shelf._resize(1000)
    assert (shelf.dear[0], shelf.sold[0], shelf.pair[0].tolist(), shelf.tokens[0].tolist()) == (True, 7, [1.0, 2.0], list(range(8)))
    assert (shelf.size, len(shelf.sold), shelf.pair.shape, shelf.tokens.shape) == (1000, 1000, (1000, 2), (1000, 8))
    assert not shelf.dear[1:].any()
    assert (shelf.sold[1:] == -1).all()


def test_text_columns_have_no_width_without_a_model() -> None:
    shelf = Shelf(None)
    shelf._resize(3)
    assert shelf.tokens.shape == (3, 0)


def test_a_table_has_the_columns_of_those_that_it_extends_and_gives_them_none() -> None:
    assert list(WideShelf.columns) == ["dear", "sold", "pair", "tokens", "cheap"]
    assert list(Shelf.columns) == ["dear", "sold", "pair", "tokens"]
    assert not hasattr(Shelf, "dear"), "only instances have the arrays"


def test_columns_are_arrays_of_the_declared_types_side_by_side_in_memory() -> None:
    items = ItemTable(WordModel())
    items.put([item("a"), item("b")])
    for name, column in ItemTable.columns.items():
        array = getattr(items, name)
        assert (array.dtype, len(array)) == (np.dtype(column.dtype), 2)
        assert array.flags.c_contiguous
