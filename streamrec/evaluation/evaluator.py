"""Scores every list of a file, over all items and over those new to the user."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamrec.evaluation import metrics
from streamrec.evaluation.list_files import FileList, read_lists
from streamrec.evaluation.relevance import History, Judged, Numbers, Pairs, holds, judge
from streamrec.events.files import FileEvent
from streamrec.events.types import Item
from streamrec.system.clock import DAY_MS
from streamrec.understanding.words import words

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MODES = ("all", "new")
COLD, HEAVY, YOUNG = "users without orders", "users with 9 orders or more", "items of at most 21 days"
STRATA = (COLD, HEAVY, YOUNG)
# The strata of the feasibility run, on which text was shown to help: users with nine or more baskets, and items in their first three weeks.
HEAVY_ORDERS = 9
YOUNG_MS = 21 * DAY_MS
ALWAYS, NEVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max


@dataclass
class ListScores:
    """The scores, in one mode, of the lists that have something relevant; arrays are of shape (lists,) or (lists, k).

    `owned` is how many distinct items the user had bought before the order. `metrics` are NaN where they are not defined. `top` holds
    item numbers, -1 behind the end of a list. `catalogue` is how many items could be covered, and `left_out` how many lists have nothing
    relevant.
    """

    user: Ints
    order: Ints
    owned: Ints
    metrics: dict[str, Floats]
    top: Ints
    catalogue: int
    left_out: int

    def rows(self, rows: Ints | Bools) -> ListScores:
        """The scores of some of the lists."""
        metrics = {name: values[rows] for name, values in self.metrics.items()}
        return ListScores(self.user[rows], self.order[rows], self.owned[rows], metrics, self.top[rows], self.catalogue, self.left_out)


@dataclass
class FileScores:
    """The scores of a file of lists by mode, and how many lists and users it holds.

    `strata` are scores by name and mode: of the lists of cold and of heavy users (by orders begun before), and of all lists with only
    the young items of their orders taken as relevant.
    """

    lists: int
    users: int
    repeated: int
    modes: dict[str, ListScores]
    strata: dict[str, dict[str, ListScores]]


class Evaluator:
    """Scores files of lists against one history of events.

    Args:
        events: all events that the lists were made of.
        items: the catalogue; without it AUC and diversity are not defined, and coverage is of the items that occur.
        k: places that count.
        split: None for the prequential protocol; in the static one the time (ms) from which all purchases of a user are one order.

    An item whose created_ts is the very moment of the order is left out of lists and relevance: where created_ts is the time of the first
    sale, its presence would give the order away. In the static protocol, items that were created after the split are not relevant either.
    """

    def __init__(self, events: Iterable[FileEvent], items: Sequence[Item] | None, k: int, split: int | None = None) -> None:
        self.k = k
        self._static = split is not None
        self._history = History(events, split)
        self._has_catalogue = items is not None
        numbers, words_of_all = self._history.items, Numbers()
        self._since = dict.fromkeys(numbers.values(), ALWAYS) if items is None else {}
        self._words: dict[int, list[int]] = {}
        for item in items or ():
            number = numbers[item.item_id]
            self._since[number] = ALWAYS if item.created_ts is None else item.created_ts
            category = [("category", item.category)] if item.category else []
            self._words[number] = [words_of_all[piece] for piece in {*words(item.title), *category}]

    def scores(self, path: Path) -> FileScores:
        """The scores of the lists of a file.

        Raises:
            InputError: the file cannot be read, or a list's trigger is not among the events.
        """
        lists = read_lists(path)
        judged = self._judged(path, lists)
        users = len({ranked.user_id for ranked in lists})
        modes, strata = {}, {name: dict[str, ListScores]() for name in STRATA}
        young = self._young(judged)
        for mode in MODES:
            modes[mode], rows = self._mode(judged, mode == "new")
            before = judged.orders_before[rows]
            strata[COLD][mode] = modes[mode].rows(before == 0)
            strata[HEAVY][mode] = modes[mode].rows(before >= HEAVY_ORDERS)
            strata[YOUNG][mode] = self._mode(replace(judged, relevant=young), mode == "new")[0]
        return FileScores(len(lists), users, judged.repeated, modes, strata)

    def scores_in(self, path: Path, mode: str) -> ListScores:
        """The scores of the lists of a file in one mode alone; raises as `scores` does."""
        return self._mode(self._judged(path, read_lists(path)), mode == "new")[0]

    def _judged(self, path: Path, lists: list[FileList]) -> Judged:
        return self._without_debuts(judge(path, lists, self._history))

    def _without_debuts(self, judged: Judged) -> Judged:
        since, ts = self._known_since(), judged.ts
        debut = (judged.ranked >= 0) & (since[judged.ranked] == ts[:, None])
        born, asked = since[judged.relevant[1]], ts[judged.relevant[0]]
        late = (born < NEVER) & (born >= asked) if self._static else born == asked
        relevant = judged.relevant[0][~late], judged.relevant[1][~late]
        return replace(judged, ranked=_without(judged.ranked, debut), relevant=relevant)

    def _young(self, judged: Judged) -> Pairs:
        """The relevant items that are at most 21 days old, by their created_ts or else by the first event about them."""
        lists, items = judged.relevant
        since = self._known_since()
        first = self._history.first_of_items(len(since))
        born = np.where((since == ALWAYS) | (since == NEVER), first, since)[items]
        young = (judged.ts[lists] - born <= YOUNG_MS) & (born < judged.ts[lists])
        return lists[young], items[young]

    def _mode(self, judged: Judged, only_new: bool) -> tuple[ListScores, Bools]:
        """The scores in a mode, and which lists have something relevant."""
        ranked, relevant, gone = judged.ranked, judged.relevant, judged.owned
        if only_new:
            ranked = _without(ranked, holds(gone, ranked))
            relevant = _minus(relevant, gone)
        else:
            gone = (gone[0][:0], gone[1][:0])
        counts = np.bincount(relevant[0], minlength=len(ranked))
        owned = np.bincount(judged.owned[0], minlength=len(ranked))
        hit = holds(relevant, ranked)
        has = counts > 0
        since = self._known_since()
        # Without a catalogue nothing but the relevant is known, and AUC has no pairs.
        known = self._known(since, judged.ts, ranked, relevant, hit, gone) if self._has_catalogue else counts
        top = ranked[has, : self.k]
        scores = metrics.accuracy(hit[has], counts[has], self.k)
        scores["auc"] = metrics.auc(hit[has], (ranked >= 0).sum(1)[has], counts[has], known[has])
        scores["novelty"] = metrics.novelty(top, self._history.users_of_items(len(since)), len(self._history.users))
        scores["diversity"] = metrics.diversity(top, self._words)
        # Listed although the catalogue lacks them: they could be covered, since they were.
        beside = since[np.unique(top[top >= 0])] == NEVER
        catalogue = int((since < NEVER).sum() + beside.sum())
        return ListScores(judged.user[has], judged.order[has], owned[has], scores, top, catalogue, int((~has).sum())), has

    def _known_since(self) -> Ints:
        """(items,): the time (ms) since which each item is known; NEVER where the catalogue lacks it."""
        since = np.full(len(self._history.items), NEVER)
        since[[*self._since]] = [*self._since.values()]
        return since

    def _known(self, since: Ints, ts: Ints, ranked: Ints, relevant: Pairs, hit: Bools, gone: Pairs) -> Ints:
        """(lists,): how many items were known before each list's order began, without those in `gone`.

        An item that was listed or bought was known, whatever its created_ts says.
        """
        known: Ints = np.searchsorted(np.sort(since[since < NEVER]), ts)
        late_places = (ranked >= 0) & ~hit & (since[ranked] > ts[:, None])
        late_relevant = relevant[0][since[relevant[1]] > ts[relevant[0]]]
        early_gone = gone[0][since[gone[1]] < ts[gone[0]]]
        late: Ints = late_places.sum(1) + np.bincount(late_relevant, minlength=len(ts))
        known += late - np.bincount(early_gone, minlength=len(ts))
        return known


def _without(ranked: Ints, gone: Bools) -> Ints:
    """The lists without the places that are `gone`; those behind them move up."""
    end = gone | (ranked < 0)
    up = np.argsort(end, axis=1, kind="stable")
    return np.where(np.take_along_axis(end, up, 1), -1, np.take_along_axis(ranked, up, 1))


def _minus(pairs: Pairs, gone: Pairs) -> Pairs:
    width = max(int(pairs[1].max(initial=0)), int(gone[1].max(initial=0))) + 1
    kept = ~np.isin(pairs[0] * width + pairs[1], gone[0] * width + gone[1])
    return pairs[0][kept], pairs[1][kept]
