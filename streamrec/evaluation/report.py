"""Reports for programs: means with intervals by mode and stratum, and the ratios of one system to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from streamrec.evaluation.bootstrap import Estimate, means, ratios
from streamrec.evaluation.evaluator import MODES, STRATA, FileScores, ListScores

ACCURACY = ("precision", "recall", "f1", "hit_rate", "ndcg", "mrr")
METRICS = (*ACCURACY, "auc", "coverage", "novelty", "diversity")
Report = dict[str, Any]
Table = dict[str, dict[str, float | None]]


def summarise(scores: FileScores, k: int, wanted: Sequence[str] = MODES) -> Report:
    """The report of a file: counts, and for each `wanted` mode every metric as value, low and high (None where it is not defined).

    Coverage has no interval, since users drawn with replacement cover less than all users do. `strata` holds the number of lists and the
    accuracy for each stratum and mode.
    """
    modes = scores.modes
    head = {
        "lists": scores.lists,
        "users": scores.users,
        "k": k,
        "repeated": scores.repeated,
        "scored": {mode: len(modes[mode].user) for mode in wanted},
        "without_relevant": {mode: modes[mode].left_out for mode in wanted},
    }
    tables = {mode: _whole(modes[mode]) for mode in wanted}
    return head | tables | {"strata": {name: _stratum({mode: scores.strata[name][mode] for mode in wanted}) for name in STRATA}}


def compare(ours: FileScores, theirs: FileScores, wanted: Sequence[str] = MODES) -> Report:
    """Every metric of `ours` divided by that of `theirs` in the `wanted` modes, from a paired bootstrap over users.

    Only triggers count for which both have lists.
    """
    report: Report = {"paired": {}, "unpaired": {}, "strata": {name: {"paired": {}} for name in STRATA}}
    for mode in wanted:
        a, b = _paired(ours.modes[mode], theirs.modes[mode])
        report["paired"][mode] = len(a.order)
        report["unpaired"][mode] = len(ours.modes[mode].order) + len(theirs.modes[mode].order) - 2 * len(a.order)
        covered, covered_other = _coverage(a), _coverage(b)
        coverage = Estimate(covered / covered_other if covered_other > 0 else np.nan)
        report[mode] = _table(ratios(a.metrics, b.metrics, a.user) | {"coverage": coverage})
        for name in STRATA:
            a, b = _paired(ours.strata[name][mode], theirs.strata[name][mode])
            report["strata"][name]["paired"][mode] = len(a.order)
            report["strata"][name][mode] = _table(ratios(_accuracy(a), _accuracy(b), a.user))
    return report


def _whole(scores: ListScores) -> Table:
    return _table(means(scores.metrics, scores.user) | {"coverage": Estimate(_coverage(scores))})


def _stratum(modes: dict[str, ListScores]) -> Report:
    tables = {mode: _table(means(_accuracy(scores), scores.user)) for mode, scores in modes.items()}
    return {"scored": {mode: len(scores.user) for mode, scores in modes.items()}} | tables


def _accuracy(scores: ListScores) -> dict[str, Any]:
    return {name: scores.metrics[name] for name in ACCURACY}


def _paired(ours: ListScores, theirs: ListScores) -> tuple[ListScores, ListScores]:
    _, at, at_other = np.intersect1d(ours.order, theirs.order, return_indices=True)
    return ours.rows(at), theirs.rows(at_other)


def _table(estimates: dict[str, Estimate]) -> Table:
    return {
        name: {bound: None if np.isnan(number) else round(number, 6) for bound, number in estimates[name]._asdict().items()}
        for name in METRICS
        if name in estimates
    }


def _coverage(scores: ListScores) -> float:
    listed = len(np.unique(scores.top[scores.top >= 0]))
    return listed / scores.catalogue if len(scores.user) and scores.catalogue else np.nan
