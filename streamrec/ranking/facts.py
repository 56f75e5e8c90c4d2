"""Which reasons hold of the places of a list, and what they name: an item of the user's own, and how many people bought this one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.context import Context
from streamrec.ranking.features.listed import Listed
from streamrec.ranking.features.schema import DECLARED, FEATURES

_FACTS = tuple(dict.fromkeys(feature.fact for feature in DECLARED if feature.fact))
_STATED = [[position for position, feature in enumerate(DECLARED) if feature.fact is fact] for fact in _FACTS]
_BONDS = [(position, feature.bond) for position, feature in enumerate(DECLARED) if feature.bond]


class Facts:
    """The facts about the listed places, `slots` (users, k), -1 behind the last."""

    def __init__(self, shop: Context, slots: NDArray[np.int32], wanted: NDArray[np.bool_] | None = None) -> None:
        """`wanted` (features,) says whose facts are asked for; without it all are."""
        self.holds = np.zeros((*slots.shape, len(FEATURES)), bool)
        """Of which places the reason of each feature is true, of shape (users, k, features)."""
        self._slots = slots
        self._listed: Listed | None = None
        self._bonds: dict[int, NDArray[np.float64]] = {}
        if not slots.size or not shop.catalogue.items.size:
            return
        listed = self._listed = Listed(shop, slots)
        ask = np.ones(len(FEATURES), bool) if wanted is None else wanted
        for fact, positions in zip(_FACTS, _STATED, strict=True):
            if not ask[positions].any():
                continue
            self.holds[:, :, positions] = fact(listed)[:, :, None]
        for position, bond in _BONDS:
            if not ask[position]:
                continue
            bonds = self._bonds[position] = bond(listed)
            self.holds[:, :, position] = bonds.max(axis=2, initial=0.0) > 0
        self.holds &= (slots >= 0)[:, :, None]

    def because(self, speak: NDArray[np.intp]) -> NDArray[np.int32]:
        """The slot of the user's own item that the spoken reason names, -1 where it names none.

        `speak` (users, k, reasons) are features by position; of those that name an item there is at most one at a place.
        """
        named = np.full(self._slots.shape, -1, np.int32)
        for position, bonds in self._bonds.items():
            speaks = (speak == position).any(axis=2)
            if speaks.any():
                assert self._listed is not None
                strongest = np.take_along_axis(self._listed.own, np.argmax(bonds, axis=2), axis=1)
                named = np.where(speaks, strongest, named)
        return named

    def bought_7d(self) -> NDArray[np.int64]:
        """So many people at least bought each item within the last week, in round numbers; 0 where nothing is known."""
        if self._listed is None:
            return np.zeros(self._slots.shape, np.int64)
        return np.where(self._slots >= 0, self._listed.people(7), 0)
