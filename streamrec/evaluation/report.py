"""Scores as people and programs read them: means with intervals, and one system's over another's."""

from __future__ import annotations

from typing import Any

import numpy as np

from streamrec.evaluation.bootstrap import Estimate, means, ratios
from streamrec.evaluation.evaluator import MODES, FileScores, ListScores

METRICS = ("precision", "recall", "f1", "hit_rate", "ndcg", "mrr", "auc", "coverage", "novelty", "diversity")
Report = dict[str, Any]


def summarise(scores: FileScores, k: int) -> Report:
    """The report of one file: counts, and of each mode every metric as value, low and high (None where not defined).

    Coverage has no interval: users drawn with replacement cover less than all of them.
    """
    modes = scores.modes
    head = {
        "lists": scores.lists,
        "users": scores.users,
        "k": k,
        "repeated": scores.repeated,
        "scored": {mode: len(modes[mode].user) for mode in MODES},
        "without_relevant": {mode: modes[mode].left_out for mode in MODES},
    }
    return head | {mode: _table(means(one.metrics, one.user) | {"coverage": Estimate(_coverage(one))}) for mode, one in modes.items()}


def compare(ours: FileScores, theirs: FileScores) -> Report:
    """Every metric of `ours` over that of `theirs`, over the triggers that both have lists for, from a paired bootstrap over users."""
    report: Report = {"paired": {}, "unpaired": {}}
    for mode in MODES:
        mine, other = ours.modes[mode], theirs.modes[mode]
        _, at, at_other = np.intersect1d(mine.order, other.order, return_indices=True)
        report["paired"][mode] = len(at)
        report["unpaired"][mode] = len(mine.order) + len(other.order) - 2 * len(at)
        a, b = _rows(mine, at), _rows(other, at_other)
        covered, covered_other = _coverage(a), _coverage(b)
        coverage = Estimate(covered / covered_other if covered_other > 0 else np.nan)
        report[mode] = _table(ratios(a.metrics, b.metrics, a.user) | {"coverage": coverage})
    return report


def text(report: Report) -> str:
    """The report as a table for a terminal."""
    k = report["k"]
    lines = [f"{report['lists']} lists of {report['users']} users, at {k}; relevant are the items of the trigger's order"]
    if report["repeated"]:
        lines.append(f"{report['repeated']} lists left out: their order has an earlier one")
    lines += [
        f"{report['without_relevant'][mode]} lists left out of {mode!r}: nothing relevant"
        for mode in MODES
        if report["without_relevant"][mode]
    ]
    lines += ["", *_grid(report, {mode: f"{mode} items ({report['scored'][mode]} lists)" for mode in MODES})]
    if "against" in report:
        against = report["against"]
        lines += ["", "as a multiple of the lists compared with", ""]
        lines += _grid(against, {mode: f"{mode} items ({against['paired'][mode]} pairs)" for mode in MODES})
    return "\n".join(lines)


def _table(estimates: dict[str, Estimate]) -> dict[str, dict[str, float | None]]:
    return {
        name: {bound: None if np.isnan(number) else round(number, 6) for bound, number in estimates[name]._asdict().items()}
        for name in METRICS
    }


def _coverage(scores: ListScores) -> float:
    listed = len(np.unique(scores.top[scores.top >= 0]))
    return listed / scores.catalogue if len(scores.user) and scores.catalogue else np.nan


def _rows(scores: ListScores, rows: Any) -> ListScores:
    return ListScores(
        scores.user[rows],
        scores.order[rows],
        {name: values[rows] for name, values in scores.metrics.items()},
        scores.top[rows],
        scores.catalogue,
        scores.left_out,
    )


def _grid(report: Report, titles: dict[str, str]) -> list[str]:
    lines = [f"{'':<10}" + "".join(f"  {title:<26}" for title in titles.values())]
    lines += [f"{name:<10}" + "".join(f"  {_cell(report[mode][name]):<26}" for mode in titles) for name in METRICS]
    return [line.rstrip() for line in lines]


def _cell(estimate: dict[str, float | None]) -> str:
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    if value is None:
        return "-"
    return f"{value:.4f}" if low is None else f"{value:.4f} [{low:.4f}, {high:.4f}]"
