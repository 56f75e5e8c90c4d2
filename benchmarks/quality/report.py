"""The figures as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.quality.figures import BEST_POPULAR, Figures, Value
from benchmarks.quality.plan import OURS

BEYOND = ("auc", "coverage", "novelty", "diversity")


def tables(report: Figures) -> str:
    """The report as Markdown."""
    lines: list[str] = []
    shops = [(f"listed by {form}", figures) for form, figures in report["forms"].items()]
    for name, figures in [*shops, *(("Amazon", report["amazon"]) for _ in [0] if report.get("amazon"))]:
        for mode, found in figures["modes"].items():
            lines += [*_pooled(f"{name}, {mode} items", found), *_months(found), *_strata(found)]
        lines += _never_sold(name, figures["never_sold"])
    if report.get("text"):
        lines += _text(report["text"])
    lines += [f"Note: {note}\n" for note in report["notes"]]
    lines += _table(("goal", "listed by", "wanted", "found", "reached"), [_goal(goal) for goal in report["goals"]])
    return "\n".join(lines)


def _pooled(title: str, found: Figures) -> list[str]:
    whole = found["pooled"]
    rows = []
    for system, values in whole["systems"].items():
        accuracy = [_cell(values[name]) for name in ("precision", "recall", "ndcg", "hit_rate")]
        beyond = [_number(whole["beyond"][system][name]) for name in BEYOND]
        rows.append([system, *accuracy, *beyond, _cell(whole["over"][system]["ndcg"]) if system in whole["over"] else ""])
    head = ("system", "P", "R", "NDCG", "HR", "AUC", "coverage", "novelty", "diversity", "streamrec's NDCG over it")
    return [f"{title}: {whole['lists']} lists of {whole['users']} users", "", *_table(head, rows)]


def _months(found: Figures) -> list[str]:
    months = found["months"]
    head = ("NDCG, and streamrec's over it", *(f"{month} ({table['lists']} lists)" for month, table in months.items()))
    rows = []
    for system in found["pooled"]["systems"]:
        cells = [_of_month(table, system) for table in months.values()]
        rows.append([system, *cells])
    if "robustness" in found["pooled"]:
        rows.append(["other form over own", *(_cell(table["robustness"]) for table in months.values())])
    return _table(head, rows)


def _of_month(table: Figures, system: str) -> str:
    if system not in table["systems"]:
        return ""
    value = _number(table["systems"][system]["ndcg"][0])
    return f"{value}, {_cell(table['over'][system]['ndcg'], 2)}" if system in table["over"] else value


def _strata(found: Figures) -> list[str]:
    strata = found["strata"]["items known"]
    systems, rivals = ([*next(iter(strata.values()))[kind]] for kind in ("ndcg", "over"))
    shown = [f"{rival} ({found['strata'][BEST_POPULAR]})" if rival == BEST_POPULAR else rival for rival in rivals]
    head = ("NDCG by items known", "lists", *systems, *(f"{OURS} over {rival}" for rival in shown))
    rows = [
        [
            name,
            str(of["lists"]),
            *(_number(of["ndcg"][system][0]) for system in systems),
            *(_cell(of["over"][rival], 2) for rival in rivals),
        ]
        for name, of in strata.items()
    ]
    return _table(head, rows)


def _never_sold(name: str, found: Figures) -> list[str]:
    if not found["orders"]:
        return []
    cells = ", ".join(f"{ranking} {_cell(value)}" for ranking, value in found["auc"].items())
    return [f"{name}, AUC among never-sold items ({found['orders']} orders): {cells}", ""]


def _text(found: Figures) -> list[str]:
    lines = []
    for mode in (mode for mode in ("all", "new") if mode in found):
        of = found[mode]
        rows = [
            [
                system.removeprefix("text-"),
                *(_cell(values[name]) for name in ("precision", "ndcg", "hit_rate")),
                _cell(of["fine-tuned over"].get(system, [None] * 3)),
            ]
            for system, values in of["systems"].items()
        ]
        lines += [f"what text adds to one linear blend, {found['period']}, {mode} items", ""]
        lines += _table(("text", "P", "NDCG", "HR", "fine-tuned over it (NDCG)"), rows)
    return [*lines, *_never_sold("titles alone", found["never_sold"])]


def _goal(goal: dict[str, Any]) -> list[str]:
    worst = f" ({goal['worst']})" if "worst" in goal else ""
    return [goal["goal"], goal.get("form", ""), str(goal["wanted"]), _cell(goal["value"]) + worst, "yes" if goal["reached"] else "no"]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(head)
    return [*(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)), ""]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _cell(value: Value, digits: int = 3) -> str:
    middle, low, high = value
    if middle is None:
        return "-"
    return f"{middle:.{digits}f}" if low is None else f"{middle:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
