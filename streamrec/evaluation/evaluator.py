"""Scores every list of a file, over all items and over those new to the user."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamrec.evaluation import metrics
from streamrec.evaluation.lists import read_lists
from streamrec.evaluation.relevance import History, Judged, Numbers, Pairs, holds, judge
from streamrec.events.files import FileEvent
from streamrec.events.types import Item
from streamrec.understanding.words import words

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MODES = ("all", "new")
ALWAYS, NEVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max


@dataclass
class ListScores:
    """The scores of the lists that have something relevant, in one mode; arrays are of shape (lists,) or (lists, k).

    `metrics` are NaN where not defined. `top` holds item numbers, -1 behind the end of a list; `catalogue` is how many
    items could be covered. `left_out` lists have nothing relevant.
    """

    user: Ints
    order: Ints
    metrics: dict[str, Floats]
    top: Ints
    catalogue: int
    left_out: int


@dataclass
class FileScores:
    """The scores of a file of lists, by mode, and how many lists and users it holds."""

    lists: int
    users: int
    repeated: int
    modes: dict[str, ListScores]


class Evaluator:
    """Scores files of lists against one history of events.

    Args:
        events: all events that the lists were made of.
        items: the catalogue; without it AUC and diversity are not defined, and coverage is of the items that occur.
        k: places that count.
    """

    def __init__(self, events: Iterable[FileEvent], items: Sequence[Item] | None, k: int) -> None:
        self.k = k
        self._history = History(events)
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
        judged = judge(path, lists, self._history)
        users = len({ranked.user_id for ranked in lists})
        return FileScores(len(lists), users, judged.repeated, {mode: self._mode(judged, mode == "new") for mode in MODES})

    def _mode(self, judged: Judged, only_new: bool) -> ListScores:
        ranked, relevant, gone = judged.ranked, judged.relevant, judged.owned
        if only_new:
            ranked = _without(ranked, holds(gone, ranked))
            relevant = _minus(relevant, gone)
        else:
            gone = (gone[0][:0], gone[1][:0])
        counts = np.bincount(relevant[0], minlength=len(ranked))
        hit = holds(relevant, ranked)
        has = counts > 0
        since = self._known_since()
        known = self._known(since, judged.ts, ranked, relevant, hit, gone) if self._has_catalogue else counts
        top = ranked[has, : self.k]
        scores = metrics.accuracy(hit[has], counts[has], self.k)
        scores["auc"] = metrics.auc(hit[has], (ranked >= 0).sum(1)[has], counts[has], known[has])
        scores["novelty"] = metrics.novelty(top, self._history.users_of_items(len(since)), len(self._history.users))
        scores["diversity"] = metrics.diversity(top, self._words)
        beside = since[np.unique(top[top >= 0])] == NEVER
        catalogue = int((since < NEVER).sum() + beside.sum())
        return ListScores(judged.user[has], judged.order[has], scores, top, catalogue, int((~has).sum()))

    def _known_since(self) -> Ints:
        """(items,): since when each item is known, in ms; NEVER where the catalogue lacks it."""
        since = np.full(len(self._history.items), NEVER)
        since[[*self._since]] = [*self._since.values()]
        return since

    def _known(self, since: Ints, ts: Ints, ranked: Ints, relevant: Pairs, hit: Bools, gone: Pairs) -> Ints:
        """(lists,): items known when each list's order began, less those that are gone; what was listed or bought was known."""
        known: Ints = np.searchsorted(np.sort(since[since < NEVER]), ts, side="right")
        late_places = (ranked >= 0) & ~hit & (since[ranked] > ts[:, None])
        late_relevant = relevant[0][since[relevant[1]] > ts[relevant[0]]]
        early_gone = gone[0][since[gone[1]] <= ts[gone[0]]]
        late: Ints = late_places.sum(1) + np.bincount(late_relevant, minlength=len(ts))
        known += late - np.bincount(early_gone, minlength=len(ts))
        return known


def _without(ranked: Ints, gone: Bools) -> Ints:
    """The lists with the places that are `gone` taken out and the rest moved up."""
    end = gone | (ranked < 0)
    up = np.argsort(end, axis=1, kind="stable")
    return np.where(np.take_along_axis(end, up, 1), -1, np.take_along_axis(ranked, up, 1))


def _minus(pairs: Pairs, gone: Pairs) -> Pairs:
    width = max(int(pairs[1].max(initial=0)), int(gone[1].max(initial=0))) + 1
    kept = ~np.isin(pairs[0] * width + pairs[1], gone[0] * width + gone[1])
    return pairs[0][kept], pairs[1][kept]
