"""Makes lists of scored candidates: rules, diversity, limits, caps and places to explore, for a whole micro-batch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from streamrec.events.types import Rule
from streamrec.ranking.batch.candidates import Candidates
from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.hosts import hosts
from streamrec.ranking.batch.rule_hits import Hits, hits
from streamrec.ranking.selectors import explore
from streamrec.ranking.selectors.caps import tired
from streamrec.ranking.selectors.diversity import Diversity
from streamrec.ranking.selectors.greedy import Limit, choose
from streamrec.ranking.selectors.on_air import NEAR, low, on_air, without
from streamrec.ranking.selectors.pins import pinned, place, take_places
from streamrec.settings import Settings

Floats = NDArray[np.float64]
Columns = NDArray[np.intp]
Number = TypeVar("Number", bound=np.generic)


@dataclass(slots=True)
class Slate:
    """The lists of a micro-batch, of shape (users, k)."""

    columns: Columns
    """Of the candidates, -1 behind the last."""
    scores: Floats
    """Rules included."""
    propensity: Floats
    """The chance of an explored item to be where it is; NaN for places that were certain."""
    rules: dict[str, Floats]
    """What each rule (by id) adds to the score of the item on each place: 0 for a pin, NaN where it has no part."""


class SlateSelector:
    """The same input gives the same lists; what is random in them follows from the list's id."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def select(self, shop: Context, candidates: Candidates, scores: Floats) -> Slate:
        """Choose from the candidates with finite `scores` (users, candidates); pins and explored places stand outside limits and caps."""
        slots, id_rank, k = candidates.slots, shop.id_rank[candidates.slots], self._settings.k
        given, moves = scores, hits(shop, slots, ("boost", "bury"))
        if moves:
            scores = scores.copy()
            known, which = np.unique(moves.rule, return_inverse=True)
            np.add.at(scores, (moves.user, moves.column), np.array([_shift(moves.rules[rule]) for rule in known.tolist()])[which])
        taken = np.full((len(slots), k), -1, np.intp)
        pins = self._pin(taken, scores, id_rank, hits(shop, slots, ("pin",)))
        worn = tired(shop.queries, slots, shop.catalogue.items.size, self._settings.max_shown)
        open_ = _without(scores, taken) if pins else scores
        picks = choose(open_, id_rank, k, self._limits(shop, slots), worn, self._diversity(shop, slots))
        if any(shop.queries.rooms):
            # A shop that buries what is on air wants it low.
            shown = low(place(taken, picks), on_air(shop.queries, slots, np.isfinite(open_) & (scores >= given)))
            if take_places(taken, shown, NEAR):
                picks = without(picks, shown)
        explored = self._explore(shop, slots, scores, worn, picks, taken)
        columns = place(taken, picks) if (taken >= 0).any() else picks
        rules = {rule.rule_id: _spread(columns, [(column, np.zeros(len(column)))]) for rule, column in pins}
        if moves:
            rules = _moved(columns, slots.shape[1], moves) | rules
        return Slate(columns, picked(scores, columns, 0.0), _spread(columns, explored), rules)

    @staticmethod
    def _pin(taken: Columns, scores: Floats, id_rank: NDArray[np.int64], pinning: Hits) -> list[tuple[Rule, Columns]]:
        """Let rules take their places, until none is left; the rules that took any, with the columns (users,)."""
        pins = []
        for rule, column in pinned(scores, id_rank, pinning):
            if take_places(taken, column, rule.position):
                pins.append((rule, column))
            if (taken >= 0).all():
                break
        return pins

    def _limits(self, shop: Context, slots: NDArray[np.int32]) -> list[Limit]:
        """Of the two the one for hosts yields first."""
        limits = []
        if self._settings.max_per_host:
            limits.append(Limit(hosts(shop, slots), self._settings.max_per_host))
        if self._settings.max_per_category:
            limits.append(Limit(np.append(shop.catalogue.items.category, np.int32(0))[slots], self._settings.max_per_category))
        return limits

    def _diversity(self, shop: Context, slots: NDArray[np.int32]) -> Diversity | None:
        vectors, knob = shop.catalogue.items.vectors, self._settings.diversity
        return Diversity(self._settings.diversity_method, knob, vectors, slots) if knob and vectors.shape[1] else None

    def _explore(
        self, shop: Context, slots: NDArray[np.int32], scores: Floats, worn: NDArray[np.bool_], picks: Columns, taken: Columns
    ) -> list[tuple[Columns, Floats]]:
        """Give the last places to little-known items that were not chosen; the columns (users,) and their chances for each such place."""
        count, items, list_ids = self._settings.explore_slots, shop.catalogue.items, shop.queries.list_ids
        if not count or not list_ids or not (unknown := explore.unknown(items, slots)).any():
            return []
        scores = _without(_without(np.where(worn, -np.inf, scores), picks), taken)
        open_ = np.isfinite(scores) & unknown
        if not open_.any():
            return []
        arms = explore.newest(items, slots, shop.id_rank[slots], open_)
        chance = explore.chances(items, picked(slots, arms, -1), picked(scores, arms, 0.0))
        explored, rows = [], np.arange(len(arms))
        for lot in explore.lots(list_ids, count).T:
            arm, propensity = explore.draw(chance, lot)
            column = np.where(arm >= 0, arms[rows, arm], -1)
            chance[rows, arm] = 0.0
            take_places(taken, column, taken.shape[1])
            explored.append((column, propensity))
        return explored


def picked(values: NDArray[Number], columns: Columns, empty: float) -> NDArray[Number]:
    """What `values` (users, candidates) hold in the columns (users, n), and `empty` where a column is -1."""
    padded = np.append(values, np.full((len(values), 1), empty, values.dtype), axis=1)
    return np.asarray(np.take_along_axis(padded, columns, axis=1))


def _shift(rule: Rule) -> float:
    """What a boost or a bury adds to a score: scores are logits, so a factor of the odds is a summand."""
    return math.log(rule.factor) * (1.0 if rule.action == "boost" else -1.0)


def _moved(columns: Columns, width: int, moves: Hits) -> dict[str, Floats]:
    """What each rule that moved a chosen candidate, one of `width`, adds to it; NaN where it has no part."""
    place = np.full((len(columns), width + 1), -1, np.intp)
    np.put_along_axis(place, np.where(columns >= 0, columns, width), np.arange(columns.shape[1]), axis=1)
    there = place[moves.user, moves.column]
    chosen = Hits(moves.rules, *(part[there >= 0] for part in (moves.rule, moves.user, moves.column)))
    added_by = {}
    for rule, users, candidates in chosen.by_rule():
        added_by[rule.rule_id] = added = np.full(columns.shape, np.nan)
        added[users, place[users, candidates]] = _shift(rule)
    return added_by


def _without(scores: Floats, columns: Columns) -> Floats:
    """The scores, -inf in the columns (users, n; -1 for none)."""
    left = np.append(scores, np.zeros((len(scores), 1)), axis=1)
    np.put_along_axis(left, np.where(columns >= 0, columns, scores.shape[1]), -np.inf, axis=1)
    return left[:, :-1]


def _spread(columns: Columns, values: list[tuple[Columns, Floats]]) -> Floats:
    """The values (users,) on the places where their columns (users,) ended up, NaN elsewhere."""
    spread = np.full(columns.shape, np.nan)
    for column, value in values:
        spread = np.where((columns == column[:, None]) & (columns >= 0), value[:, None], spread)
    return spread
