"""Lists into figures: every system by mode and period, over all periods, and by how much is known of the viewer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.quality.modes import REPEATS
from benchmarks.quality.periods import Period
from benchmarks.quality.plan import OTHER, OURS, PLAIN, SYSTEMS, Data
from benchmarks.quality.unsold import TF_IDF
from streamrec.evaluation.bootstrap import Estimate, means, ratios
from streamrec.evaluation.evaluator import Evaluator, ListScores
from streamrec.events.files import read_events, read_items

PLACES = 10
SHOWN = ("precision", "recall", "ndcg", "hit_rate")
BEYOND = ("auc", "novelty", "diversity")
TEXTS = ("text-none", "text-tf-idf", "text-zero-shot", "text-fine-tuned")
BOUNDS = (0, 1, 20, 60, 150, 400)
"""Strata begin with so many distinct items that the viewer had bought before."""
POPULAR = ("popularity", "last-month")
IN_STRATA = (OURS, PLAIN, "own-history", "fusion", *POPULAR)
BEST_POPULAR = "best popularity"
Figures = dict[str, Any]
Value = list[float | None]
"""A value and the bounds of its 95 % interval."""


@dataclass(slots=True)
class Aligned:
    """What every system scored for the orders of streamrec's lists; arrays are of shape (lists,), NaN where a list is missing."""

    user: np.ndarray
    owned: np.ndarray
    metrics: dict[str, dict[str, np.ndarray]]

    @classmethod
    def of(cls, scored: Mapping[str, Sequence[ListScores]], first: str = OURS) -> Aligned:
        """Bring the scores of every system, period after period, into the order of those of `first`."""
        base = {name: np.concatenate([getattr(part, name) for part in scored[first]]) for name in ("user", "owned", "order")}
        place = np.argsort(base["order"])
        metrics = {}
        for system, parts in scored.items():
            orders = np.concatenate([part.order for part in parts])
            at = np.searchsorted(base["order"][place], orders)
            there = np.isin(orders, base["order"])
            metrics[system] = {}
            for name in (*SHOWN, *BEYOND):
                values = np.full(len(place), np.nan)
                values[place[at[there]]] = np.concatenate([part.metrics[name] for part in parts])[there]
                metrics[system][name] = values
        return cls(base["user"], base["owned"], metrics)

    def rows(self, rows: np.ndarray) -> Aligned:
        """Some of the orders."""
        metrics = {system: {name: values[rows] for name, values in of.items()} for system, of in self.metrics.items()}
        return Aligned(self.user[rows], self.owned[rows], metrics)

    def means(self, systems: Iterable[str], names: Sequence[str] = SHOWN) -> Figures:
        """The mean of every metric by system."""
        columns = {(system, name): self.metrics[system][name] for system in systems for name in names}
        return _nested(means(columns, self.user))  # type: ignore[type-var]

    def over(self, ours: str, theirs: Iterable[str], names: Sequence[str] = SHOWN) -> Figures:
        """Every metric of one system divided by that of each of the others, over the orders that both have lists for."""
        bottom = {(system, name): self.metrics[system][name] for system in theirs for name in names}
        top = {(system, name): self.metrics[ours][name] for system, name in bottom}
        return _nested(ratios(top, bottom, self.user))  # type: ignore[type-var]


def measure(data: Data) -> Figures:
    """The figures of all lists that were made of a shop in one form."""
    events = [event for event in read_events(data.events) if event.event.ts < data.until]
    evaluator = Evaluator(events, read_items(data.items), PLACES)
    found: Figures = {"modes": {mode: _mode(evaluator, data, mode) for mode in REPEATS}}
    rows = [row for period in data.periods for row in json.loads(data.unsold(period).read_text())]
    return found | {"never_sold": never_sold(rows, TF_IDF)}


def _mode(evaluator: Evaluator, data: Data, mode: str) -> Figures:
    scored: dict[str, dict[str, ListScores]] = {}
    for period in data.periods:
        for system in (*SYSTEMS, *data.baselines):
            path = data.lists(system, mode, period)
            if path.exists():
                scored.setdefault(system, {})[period.name] = evaluator.scores_in(path, mode)
    pooled = Aligned.of({system: list(of.values()) for system, of in scored.items()})
    months = {}
    for period in data.periods:
        of_month = {system: [of[period.name]] for system, of in scored.items() if period.name in of}
        months[period.name] = _table(Aligned.of(of_month))
    whole = _table(pooled)
    whole["beyond"] = {
        system: {name: of[name][0] for name in BEYOND} | {"coverage": _coverage(list(scored[system].values()))}
        for system, of in pooled.means(scored, BEYOND).items()
    }
    return {"months": months, "pooled": whole, "strata": _strata(pooled)}


def _table(of: Aligned) -> Figures:
    others = [system for system in of.metrics if system not in (OURS, OTHER)]
    found: Figures = {
        "lists": len(of.user),
        "users": len(np.unique(of.user)),
        "systems": of.means(of.metrics),
        "over": of.over(OURS, others),
    }
    if OTHER in of.metrics:
        found["robustness"] = of.over(OTHER, [OURS], ["ndcg"])[OURS]["ndcg"]
    if "fusion" in of.metrics:
        found["plain_over_fusion"] = of.over(PLAIN, ["fusion"], ["ndcg"])["fusion"]["ndcg"]
    return found


def _strata(of: Aligned) -> Figures:
    systems = [system for system in IN_STRATA if system in of.metrics]
    popular = max((system for system in POPULAR if system in systems), key=lambda system: np.nanmean(of.metrics[system]["ndcg"]))
    rivals = [system for system in ("own-history", "fusion", popular) if system in systems]
    strata = {}
    for low, end in zip(BOUNDS, (*BOUNDS[1:], None), strict=True):
        part = of.rows((of.owned >= low) & (of.owned < (np.inf if end is None else end)))
        name = f"{low}" if end == low + 1 else f"{low}+" if end is None else f"{low}-{end - 1}"
        over = part.over(OURS, rivals, ["ndcg"])
        strata[name] = {
            "lists": len(part.user),
            "ndcg": {system: value["ndcg"] for system, value in part.means(systems, ["ndcg"]).items()},
            "over": {BEST_POPULAR if system == popular else system: value["ndcg"] for system, value in over.items()},
        }
    return {BEST_POPULAR: popular, "items known": strata}


def _coverage(parts: Sequence[ListScores]) -> float | None:
    top = np.concatenate([part.top.ravel() for part in parts])
    catalogue = max(part.catalogue for part in parts)
    return round(len(np.unique(top[top >= 0])) / catalogue, 4) if catalogue else None


def study(data: Data, period: Period) -> Figures:
    """What text adds to one linear blend, in the period that the text study was made for."""
    events = [event for event in read_events(data.events) if event.event.ts < period.until]
    evaluator = Evaluator(events, read_items(data.items), PLACES)
    found: Figures = {"period": period.name}
    for mode in REPEATS:
        files = {name: data.lists(name, mode, period) for name in TEXTS}
        scored = {name: [evaluator.scores_in(path, mode)] for name, path in files.items() if path.exists()}
        if not scored:
            continue
        of = Aligned.of(scored, "text-none")
        over = {other: of.over("text-fine-tuned", [other], ["ndcg"])[other]["ndcg"] for other in scored if other != "text-fine-tuned"}
        found[mode] = {"lists": len(of.user), "systems": of.means(scored), "fine-tuned over": over}
    rows = json.loads((data.lists("text-none", "all", period).parent / "never-sold.json").read_text())
    return found | {"never_sold": never_sold(rows, TF_IDF)}


def never_sold(rows: Sequence[Mapping[str, Any]], rival: str) -> Figures:
    """The AUC of every ranking among items that were never sold, and of all others over that of the `rival`; a row for each order."""
    if not rows:
        return {"orders": 0}
    _, users = np.unique([row["user"] for row in rows], return_inverse=True)
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0] if name != "user"}
    over = {name: ratios({"auc": values}, {"auc": columns[rival]}, users)["auc"] for name, values in columns.items() if name != rival}
    return {
        "orders": len(rows),
        "auc": {name: value_of(estimate) for name, estimate in means(columns, users).items()},
        f"over {rival}": {name: value_of(estimate) for name, estimate in over.items()},
    }


def value_of(estimate: Estimate) -> Value:
    """An estimate as it is written."""
    return [None if np.isnan(number) else round(float(number), 4) for number in estimate]


def _nested(estimates: Mapping[Any, Estimate]) -> Figures:
    found: Figures = {}
    for (system, name), estimate in estimates.items():
        found.setdefault(system, {})[name] = value_of(estimate)
    return found
