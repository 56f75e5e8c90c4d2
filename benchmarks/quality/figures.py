"""Lists into figures: every system by protocol and mode, ratios with intervals, and the goals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality.plan import REPEATS, VARIANTS, Data
from streamrec.evaluation.bootstrap import Estimate, means, ratios
from streamrec.evaluation.evaluator import Evaluator, FileScores
from streamrec.evaluation.report import compare, summarise
from streamrec.events.files import read_events, read_items

PLACES = 10
TEXTS = ("text-none", "text-tf-idf", "text-zero-shot", "text-fine-tuned")
OURS = "streamrec"
Figures = dict[str, Any]


def measure(data: Data, protocol: str, split: int | None = None) -> Figures:
    """The figures of all lists that were made for a data set, and streamrec's over everyone's."""
    evaluator = Evaluator(read_events(data.file("events")), read_items(data.file("items")), PLACES, split)
    found: Figures = {}
    for mode in REPEATS:
        files = {name: data.lists(name, mode, protocol) for name in (*VARIANTS, *data.baselines, *TEXTS)}
        scored = {name: evaluator.scores(path) for name, path in files.items() if path.exists()}
        found[mode] = _mode(scored, mode)
    return found


def _mode(scored: dict[str, FileScores], mode: str) -> Figures:
    reports = {name: summarise(scores, PLACES, (mode,)) for name, scores in scored.items()}
    ours = reports[OURS]
    found: Figures = {"lists": ours["scored"][mode], "users": ours["users"], "without_relevant": ours["without_relevant"][mode]}
    found["systems"] = {name: report[mode] for name, report in reports.items() if name not in TEXTS}
    found["strata"] = {
        stratum: {"lists": ours["strata"][stratum]["scored"][mode]}
        | {name: {metric: report["strata"][stratum][mode][metric] for metric in ("ndcg", "hit_rate")} for name, report in reports.items()}
        for stratum in ours["strata"]
    }
    found["over"] = {name: _over(scored[OURS], scores, mode) for name, scores in scored.items() if name != OURS and name not in TEXTS}
    texts = [name for name in TEXTS if name in scored]
    found["text"] = {name: reports[name][mode] for name in texts}
    found["text_over"] = {
        f"{name} over {other}": _over(scored[name], scored[other], mode)
        for at, name in enumerate(texts)
        for other in texts[:at]
        if other in ("text-none", "text-tf-idf")
    }
    return found


def _over(ours: FileScores, theirs: FileScores, mode: str) -> Figures:
    report = compare(ours, theirs, (mode,))
    strata = {name: report["strata"][name][mode]["ndcg"] for name in report["strata"]}
    return {metric: report[mode][metric] for metric in ("precision", "recall", "ndcg", "hit_rate")} | {"strata_ndcg": strata}


def never_sold(path: Path) -> Figures:
    """AUC of every text among the items that were never sold, and of the fine-tuned one over the others."""
    rows = json.loads(path.read_text())
    if not rows:
        return {"orders": 0}
    _, users = np.unique([row["user"] for row in rows], return_inverse=True)
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0] if name != "user"}
    fine = "fine-tuned"
    over = {f"{fine} over {name}": ratios({"auc": columns[fine]}, {"auc": columns[name]}, users)["auc"] for name in columns if name != fine}
    return {
        "orders": len(rows),
        "auc": {name: _plain(value) for name, value in means(columns, users).items()},
        "over": {name: _plain(value) for name, value in over.items()},
    }


def goals(uci: Figures, amazon: Figures | None) -> list[Figures]:
    """What was aimed at, what came of it, and whether it is reached: the value, and where a doubt counts the lower bound above 1."""
    found = []
    for mode, wanted in (("all", 1.08), ("new", 1.35)):
        over = uci["prequential"][mode]["over"]
        found.append(_goal(f"{mode}: NDCG over the best fusion", wanted, over["fusion"]["ndcg"], sure=True))
        found.append(_goal(f"{mode}: hit rate over the best fusion", 1.0, over["fusion"]["hit_rate"]))
        for rival in ("item-cf", "content"):
            found.append(_goal(f"{mode}: precision over {rival}", 1.2, over[rival]["precision"]))
            found.append(_goal(f"{mode}: recall over {rival}", 1.15, over[rival]["recall"]))
    new = uci["prequential"]["new"]["over"]
    if "linear" in new:
        found.append(_goal("new: NDCG over a tuned linear blend", 1.05, new["linear"]["ndcg"]))
    if "no text" in new:
        found.append(_goal("new: NDCG with BERT over without text", 1.04, new["no text"]["ndcg"], sure=True))
    unsold = uci.get("never_sold", {}).get("over", {})
    if unsold:
        found.append(_goal("never-sold items: AUC of BERT over TF-IDF", 1.0, unsold["fine-tuned over tf-idf"]))
    if amazon is not None:
        found.append(_goal("Amazon: hit rate over the best fusion", 1.07, amazon["prequential"]["all"]["over"]["fusion"]["hit_rate"]))
    return found


def _goal(name: str, wanted: float, value: dict[str, float | None], *, sure: bool = False) -> Figures:
    reached = value["value"] is not None and value["value"] >= wanted and not (sure and (value["low"] or 0) <= 1)
    return {"goal": name, "wanted": wanted} | value | {"reached": reached}


def _plain(estimate: Estimate) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else round(value, 6) for name, value in estimate._asdict().items()}


def tables(report: Figures) -> str:
    """The report as Markdown."""
    lines: list[str] = []
    for name, data in report["data"].items():
        for protocol in ("prequential", "static"):
            for mode, found in data.get(protocol, {}).items():
                lines += _table(f"{name}, {protocol}, {mode} items: {found['lists']} lists of {found['users']} users", found)
        lines += _texts(name, data)
    if report["goals"]:
        lines += ["| goal | wanted | found | |", "| --- | --- | --- | --- |"]
        lines += [f"| {one['goal']} | {one['wanted']} | {_cell(one)} | {'yes' if one['reached'] else 'no'} |" for one in report["goals"]]
    return "\n".join(lines)


def _table(title: str, found: Figures) -> list[str]:
    metrics = ("precision", "recall", "ndcg", "hit_rate", "auc", "coverage", "novelty", "diversity")
    head = "| system | P | R | NDCG | HR | AUC | coverage | novelty | diversity | streamrec's NDCG over it |"
    lines = [title, "", head, "| --- |" + " --- |" * 9]
    for system, values in found["systems"].items():
        cells = ["-" if values[metric]["value"] is None else f"{values[metric]['value']:.4f}" for metric in metrics]
        over = _cell(found["over"][system]["ndcg"]) if system in found["over"] else ""
        lines.append(f"| {system} | {' | '.join(cells)} | {over} |")
    lines.append("")
    for stratum, of in found["strata"].items():
        named = [name for name in (OURS, "no text", "fusion", "linear") if name in of]
        lines.append(f"* {stratum} ({of['lists']} lists), NDCG: " + ", ".join(f"{name} {_cell(of[name]['ndcg'])}" for name in named))
    return [*lines, ""]


def _texts(name: str, data: Figures) -> list[str]:
    lines = []
    for mode, found in data.get("prequential", {}).items():
        if found["text"]:
            lines += [f"{name}, what text adds to one linear blend, {mode} items", ""]
            lines += ["| text | P | NDCG | HR | NDCG over none |", "| --- | --- | --- | --- | --- |"]
            for system, values in found["text"].items():
                over = found["text_over"].get(f"{system} over text-none")
                cells = [f"{values[metric]['value']:.4f}" for metric in ("precision", "ndcg", "hit_rate")]
                lines.append(f"| {system.removeprefix('text-')} | {' | '.join(cells)} | {_cell(over['ndcg']) if over else ''} |")
            lines.append("")
    unsold = data.get("never_sold", {})
    if unsold.get("orders"):
        cells = ", ".join(f"{text} {_cell(value)}" for text, value in unsold["auc"].items())
        lines += [f"{name}, AUC among never-sold items ({unsold['orders']} orders): {cells}", ""]
    return lines


def _cell(value: dict[str, Any]) -> str:
    if value["value"] is None:
        return "-"
    return f"{value['value']:.3f}" if value["low"] is None else f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
