"""What was aimed at, what came of it, and whether it is reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.quality.figures import BEST_POPULAR, Figures, Value

COLD = "0"


def goals(forms: dict[str, Figures], text: Figures | None, amazon: Figures | None) -> list[Figures]:
    """The goals of every form of listing, then those of the text study and of the other shop. One without figures is left out."""
    found = [goal | {"form": form} for form, figures in forms.items() for goal in _of_form(figures)]
    if text is not None:
        found += list(_never_sold("never-sold items, titles alone: AUC of BERT over TF-IDF", text["never_sold"], "fine-tuned"))
    if amazon is not None:
        over = amazon["modes"]["all"]["pooled"]["over"]
        found.append(_goal("Amazon: hit rate over the best fusion", 1.07, over["fusion"]["hit_rate"]))
        found += [goal | {"goal": f"Amazon: {goal['goal']}"} for goal in _plain(amazon)]
    return found


def _of_form(figures: Figures) -> Iterator[Figures]:
    modes = figures["modes"]
    for rival, wanted in (("fusion", 1.06), ("lambdarank", 1.03)):
        if rival in modes["all"]["pooled"]["over"]:
            yield _in_every_month(f"all: NDCG over {rival}, and surely above 1 in every month", wanted, modes["all"], rival)
    if "fusion" in modes["new"]["pooled"]["over"]:
        yield _goal("new: NDCG over fusion", 1.4, modes["new"]["pooled"]["over"]["fusion"]["ndcg"])
    strata = modes["all"]["strata"]["items known"]
    for rival in ("own-history", "fusion"):
        if any(rival in stratum["over"] for stratum in strata.values()):
            yield _in_every_stratum(f"all: NDCG over {rival} in every stratum", 1.0, strata, rival)
    if BEST_POPULAR in strata[COLD]["over"]:
        yield _goal("all: NDCG over the best popularity for viewers without orders", 1.1, strata[COLD]["over"][BEST_POPULAR])
    for mode, found in modes.items():
        if "robustness" in found["pooled"]:
            yield _goal(f"{mode}: NDCG with the blend of another form of listing over its own", 0.97, found["pooled"]["robustness"])
    yield from _plain(figures)
    for ours in figures["never_sold"].get("auc", {}):
        if ours.startswith("streamrec"):
            yield from _never_sold(f"never-sold items, {ours.removeprefix('streamrec, ')}: AUC over TF-IDF", figures["never_sold"], ours)


def _plain(figures: Figures) -> Iterator[Figures]:
    """The blend that nobody trained, beside the fusion, which was."""
    for mode, found in figures["modes"].items():
        if "plain_over_fusion" in found["pooled"]:
            yield _goal(f"{mode}: NDCG of the plain blend over fusion", 1.0, found["pooled"]["plain_over_fusion"])


def _never_sold(name: str, found: Figures, ours: str) -> Iterator[Figures]:
    over = found.get("over tf-idf", {})
    if ours in over:
        yield _goal(name, 1.0, over[ours])


def _in_every_month(name: str, wanted: float, mode: Figures, rival: str) -> Figures:
    lows = {month: table["over"][rival]["ndcg"][1] for month, table in mode["months"].items()}
    worst = min(lows, key=lambda month: -1.0 if lows[month] is None else lows[month])
    goal = _goal(name, wanted, mode["pooled"]["over"][rival]["ndcg"])
    sure = lows[worst] is not None and lows[worst] > 1
    return goal | {"worst": f"{worst}: at least {lows[worst]}", "reached": goal["reached"] and sure}


def _in_every_stratum(name: str, wanted: float, strata: Figures, rival: str) -> Figures:
    """Of strata without lists nothing can be said."""
    values: dict[str, Value] = {
        stratum: of["over"][rival] for stratum, of in strata.items() if rival in of["over"] and of["over"][rival][0] is not None
    }
    if not values:
        return _goal(name, wanted, [None, None, None])
    worst = min(values, key=lambda stratum: values[stratum][0] or 0.0)
    return _goal(name, wanted, values[worst]) | {"worst": f"{worst} items known"}


def _goal(name: str, wanted: float, value: Value) -> dict[str, Any]:
    return {"goal": name, "wanted": wanted, "value": value, "reached": value[0] is not None and value[0] >= wanted}
