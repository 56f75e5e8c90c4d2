"""Reports for people: tables for a terminal."""

from __future__ import annotations

from streamrec.evaluation.evaluator import MODES
from streamrec.evaluation.report import METRICS, Report

TITLES = {"precision": "P", "recall": "R", "f1": "F1", "hit_rate": "HR", "ndcg": "NDCG", "mrr": "MRR", "auc": "AUC"}


def text(report: Report) -> str:
    """The report of one file."""
    lines = _head(report)
    lines += ["", *_grid(report, {mode: f"{mode} items ({report['scored'][mode]} lists)" for mode in MODES})]
    lines += ["", *_strata(report)]
    if "against" in report:
        against = report["against"]
        lines += ["", "as a multiple of the lists compared with", ""]
        lines += _grid(against, {mode: f"{mode} items ({against['paired'][mode]} pairs)" for mode in MODES})
    return "\n".join(lines)


def text_of_several(report: Report) -> str:
    """The report of several files: for each mode a row for each system, with the best value of each column marked, and then the ratios."""
    systems, against = report["systems"], report["against"]
    width = max(len(name) for name in systems) + 2
    lines = []
    for mode in MODES:
        lines += [f"{mode} items at {report['k']}", f"{'':<{width}}" + "".join(f"{TITLES.get(name, name):>11}" for name in METRICS)]
        best = {name: max((scores[mode][name]["value"] or 0 for scores in systems.values()), default=0) for name in METRICS}
        for system, scores in systems.items():
            cells = [_short(scores[mode][name]["value"], best[name]) for name in METRICS]
            lines.append(f"{system:<{width}}" + "".join(f"{cell:>11}" for cell in cells))
        lines.append("")
        if against is not None:
            lines.append(f"{mode} items, as a multiple of {against}")
            for system, ratios in report["ratios"].items():
                cells = [f"{TITLES[name]} {_cell(ratios[mode][name], 3)}" for name in ("precision", "recall", "ndcg", "hit_rate")]
                lines.append(f"{system:<{width}}" + "   ".join(cells))
            lines.append("")
    strata = next(iter(systems.values()))["strata"] if systems else {}
    for stratum in strata:
        for mode in MODES:
            lines.append(f"{stratum}, {mode} items ({strata[stratum]['scored'][mode]} lists)")
            for system, scores in systems.items():
                table = scores["strata"][stratum][mode]
                lines.append(f"{system:<{width}}NDCG {_cell(table['ndcg'])}   HR {_cell(table['hit_rate'])}")
            lines.append("")
    return "\n".join(line.rstrip() for line in lines).rstrip()


def _head(report: Report) -> list[str]:
    lines = [f"{report['lists']} lists of {report['users']} users, at {report['k']}; relevant are the items of the trigger's order"]
    if report["repeated"]:
        lines.append(f"{report['repeated']} lists left out: their order has an earlier one")
    return lines + [
        f"{report['without_relevant'][mode]} lists left out of {mode!r}: nothing relevant"
        for mode in MODES
        if report["without_relevant"][mode]
    ]


def _grid(report: Report, titles: dict[str, str]) -> list[str]:
    lines = [f"{'':<10}" + "".join(f"  {title:<26}" for title in titles.values())]
    lines += [f"{name:<10}" + "".join(f"  {_cell(report[mode][name]):<26}" for mode in titles) for name in METRICS]
    return [line.rstrip() for line in lines]


def _strata(report: Report) -> list[str]:
    lines = []
    for name, stratum in report["strata"].items():
        for mode in MODES:
            cells = [f"{TITLES[metric]} {_cell(stratum[mode][metric])}" for metric in ("precision", "recall", "ndcg", "hit_rate")]
            lines.append(f"{name}, {mode} items ({stratum['scored'][mode]} lists): " + ", ".join(cells))
    return lines


def _short(value: float | None, best: float) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" + ("*" if value == best else " ")


def _cell(estimate: dict[str, float | None], digits: int = 4) -> str:
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    if value is None:
        return "-"
    return f"{value:.{digits}f}" if low is None else f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
