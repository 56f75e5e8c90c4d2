"""Which reasons hold of the places of a list, and what they name: an item of the user's own, and how many people bought this one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.context import Context
from streamrec.ranking.features.filling import Column, filling
from streamrec.ranking.features.listed import OF_USER, Listed
from streamrec.ranking.features.schema import DECLARED, FEATURES

_BONDS = [(position, feature.bond.strength) for position, feature in enumerate(DECLARED) if feature.bond]
_FACTS = [Column(position, feature.fact.formula, feature.fact.reads) for position, feature in enumerate(DECLARED) if feature.fact]
_fill, _READ = filling(_FACTS, len(DECLARED), OF_USER)


class Facts:
    """The facts about the listed places, `slots` (users, k), -1 behind the last."""

    def __init__(self, shop: Context, slots: NDArray[np.int32]) -> None:
        self._slots = slots
        self._listed: Listed | None = None
        self._bonds: dict[int, NDArray[np.float32]] = {}
        # Memory lies feature by feature, as the loops write it.
        holds = np.zeros((len(slots), len(FEATURES), slots.shape[1]), bool)
        self.holds = holds.transpose(0, 2, 1)
        """Of which places the reason of each feature is true, of shape (users, k, features)."""
        if not slots.size or not shop.catalogue.items.size:
            return
        listed = self._listed = Listed(shop, slots)
        _fill(holds, (slots >= 0).sum(axis=1), *[getattr(listed, name) for name in _READ])
        for position, strength in _BONDS:
            bonds = self._bonds[position] = strength(listed)
            holds[:, position] = (bonds > 0).any(axis=2)

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

    def asked_about(self) -> NDArray[np.int8]:
        """What the user asked about each item last, by place in ASPECTS from 1; 0 for nothing."""
        return np.zeros(self._slots.shape, np.int8) if self._listed is None else self._listed.asked_about

    def praised_for(self) -> NDArray[np.int8]:
        """What viewers praise about each item, by place in ASPECTS from 1; 0 where they do not agree."""
        return np.zeros(self._slots.shape, np.int8) if self._listed is None else self._listed.praised_for

    def bought_7d(self) -> NDArray[np.int64]:
        """So many people at least bought each item within the last week, in round numbers; 0 where nothing is known."""
        if self._listed is None:
            return np.zeros(self._slots.shape, np.int64)
        return self._listed.people_7d
