"""Columns over slots: each is declared once, by its type, its value in an empty slot and what fills it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.text import TextModel
from streamrec.events.types import Item
from streamrec.state.stats import ItemStats

T = TypeVar("T", bound=np.generic)
# Below this a doubling copies little and happens often: the first items of every worker and every test.
LEAST_CAPACITY = 256


@dataclass(frozen=True, slots=True)
class Column:
    """How a column is stored and filled.

    Attributes:
        dtype: of the array.
        shape: of one slot; a name stands for that size of the text model, which is 0 without a model.
        filler: what fills the column: an item's record, the name in it that is numbered, its text, or its statistics.
        read: gives the value of a slot from the record or the statistics; None where the table sets it in another way.
        empty: the value where there is no item, or nothing was heard of it.
    """

    dtype: type[np.generic]
    shape: tuple[int | str, ...]
    filler: Literal["item", "label", "text", "stats"]
    read: Callable[[Any], Any] | None = None
    empty: float = 0

    def array(self, capacity: int, model: TextModel | None) -> NDArray[Any]:
        """The column for that many empty slots."""
        # Sizes of the model are looked up when an array is made: another model has others.
        sizes = (size if isinstance(size, int) else getattr(model, size) if model is not None else 0 for size in self.shape)
        return np.full((capacity, *sizes), self.empty, self.dtype)


# A declaration is a class attribute as long as the class exists, and an array of that type in every table: the casts say the latter.
def of_item(dtype: type[T], read: Callable[[Item], Any]) -> NDArray[T]:
    """Declare a column of what the item's record says."""
    return cast(NDArray[T], Column(dtype, (), "item", read))


def of_label(read: Callable[[Item], str | None]) -> NDArray[np.int32]:
    """Declare a column of numbers for a name in the item's record; 0 where there is none."""
    return cast(NDArray[np.int32], Column(np.int32, (), "label", read))


def of_text(dtype: type[T], *shape: str) -> NDArray[T]:
    """Declare a column of what the text model makes of the item's text."""
    return cast(NDArray[T], Column(dtype, shape, "text"))


def of_stats(dtype: type[T], *shape: int, read: Callable[[ItemStats], Any] | None = None, empty: float = 0) -> NDArray[T]:
    """Declare a column of what the item's statistics say."""
    return cast(NDArray[T], Column(dtype, shape, "stats", read, empty))


class Table:
    """Slots 0, 1, …, with an attribute for each declared column: an array of `size` rows that grows by doubling."""

    columns: ClassVar[dict[str, Column]] = {}
    """The declared columns by name."""

    def __init_subclass__(cls) -> None:
        declared = {name: value for name, value in vars(cls).items() if isinstance(value, Column)}
        cls.columns = cls.columns | declared
        for name in declared:
            # An attribute of the class beside that of the instance makes reads a third slower in CPython 3.11 (46 for 34 ns).
            delattr(cls, name)

    def __init__(self, model: TextModel | None) -> None:
        self.model = model
        self.size = 0
        """Slots, empty ones among them."""
        self._arrays = {name: column.array(0, model) for name, column in self.columns.items()}
        self._expose()

    def _filled_by(self, filler: str) -> list[str]:
        return [name for name, column in self.columns.items() if column.filler == filler]

    def _resize(self, size: int) -> None:
        """Grow to at least `size` slots; new ones are empty."""
        if size > self._capacity:
            capacity = max(LEAST_CAPACITY, size, 2 * self._capacity)
            for name, array in self._arrays.items():
                grown = self.columns[name].array(capacity, self.model)
                grown[: len(array)] = array
                self._arrays[name] = grown
        self.size = max(size, self.size)
        self._expose()

    def _clear(self, slot: int, names: list[str]) -> None:
        for name in names:
            self._arrays[name][slot] = self.columns[name].empty

    @property
    def _capacity(self) -> int:
        return len(next(iter(self._arrays.values())))

    def _expose(self) -> None:
        """Set the columns as attributes, without the spare room at their ends, so that ranking reads plain attributes."""
        for name, array in self._arrays.items():
            setattr(self, name, array[: self.size])
