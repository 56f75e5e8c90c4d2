"""What lists that were never shown would have earned, estimated from lists that were filled by chance.

The estimators work place by place: the reward of an item depends on the item and its place, not on its neighbours (the item-position
model of Li et al., KDD 2018). IPS: Horvitz and Thompson 1952; SNIPS: Swaminathan and Joachims, NeurIPS 2015; doubly robust: Dudík,
Langford and Li, ICML 2011, its reward model fitted on the other users.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.errors import InputError
from streamrec.evaluation.bootstrap import Estimate, quotients
from streamrec.evaluation.relevance import Numbers
from streamrec.evaluation.slates import ListPlace, Slate, read_slates, read_targets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FOLDS = 5
"""Groups of users: the reward model for each is fitted on the others, so that no reward is predicted from itself."""
BELIEF = 5.0
"""How many expected rewards draw an item's factor to 1, so that few rewards of its own decide little."""
ENOUGH = 100.0
"""Effective sample size below which an estimate is a guess."""
OVERLAP = 0.9
"""The weights add up to what they should if the log could have shown whatever the target shows; beyond 10 % off there is a warning."""


@dataclass
class Log:
    """Places that were filled by chance and that the target policy fills, too.

    `user` to `target` are of shape (places,). `place`, `wanted` and `chance` are the target's items for these places, of shape (wanted,);
    `place` is an index into the former.
    """

    user: Ints
    position: Ints
    item: Ints
    reward: Floats
    propensity: Floats
    target: Floats
    place: Ints
    wanted: Ints
    chance: Floats
    items: int
    unrandomised: int
    without_target: int


def estimate(log: Path, target: Path, action: str) -> dict[str, Any]:
    """The report: reward per place as logged and under the target policy, effective sample size, overlap, warnings.

    Raises:
        InputError: a file cannot be used, or holds no place that was filled by chance and has a target.
    """
    joined = join(read_slates(log), read_targets(target), action)
    if not len(joined.user):
        raise InputError(
            f"{log} and {target} share no place that was filled by chance: {joined.unrandomised} places have no propensity below 1, "
            f"{joined.without_target} no target; log propensities, and give targets for the same list_ids"
        )
    return {"action": action} | report(joined)


def join(slates: list[Slate], targets: dict[ListPlace, dict[str, float]], action: str) -> Log:
    """Match the logged places with those of the target."""
    users, items = Numbers(), Numbers()
    rows: list[tuple[int, int, int, float, float, float]] = []
    wanted: list[tuple[int, int, float]] = []
    unrandomised = without_target = 0
    for slate in slates:
        rewarded = slate.items_with(action)
        for at, shown in enumerate(slate.items):
            position = at if shown.position is None else shown.position
            chances = targets.get(ListPlace(slate.list_id, position))
            if shown.propensity is None or shown.propensity == 1:
                unrandomised += 1
            elif chances is None:
                without_target += 1
            else:
                wanted += [(len(rows), items[name], chance) for name, chance in chances.items()]
                own = chances.get(shown.item_id, 0.0)
                rows.append((users[slate.who], position, items[shown.item_id], shown.item_id in rewarded, shown.propensity, own))
    table, sought = np.array(rows, np.float64).reshape(-1, 6), np.array(wanted, np.float64).reshape(-1, 3)
    user, position, item = table[:, :3].astype(np.int64).T
    reward, propensity, own_chance = table[:, 3:].T
    place, names = sought[:, :2].astype(np.int64).T
    return Log(
        user, position, item, reward, propensity, own_chance, place, names, sought[:, 2], len(items), unrandomised, without_target
    )  # fmt: skip


def report(log: Log) -> dict[str, Any]:
    """The estimates, in reward per place, with 95 % intervals from a bootstrap over users."""
    weight = log.target / log.propensity
    filled = np.bincount(log.place, log.chance, len(log.user)).astype(np.float64)
    expected, at_target = expected_rewards(log)
    robust = at_target + weight * (log.reward - expected)
    ones = np.ones(len(weight))
    logged, ips, snips, doubly = quotients(
        [log.reward, weight * log.reward, weight * log.reward, robust], [ones, filled, weight, filled], log.user
    )
    # Kish's effective sample size; the floor keeps a log without any common item from dividing by zero.
    size = float(weight.sum() ** 2 / max((weight**2).sum(), 1e-300))
    overlap = float(weight.sum() / max(filled.sum(), 1e-300))
    return {
        "places": len(weight),
        "users": len(np.unique(log.user)),
        "unrandomised": log.unrandomised,
        "without_target": log.without_target,
        "logged": _rounded(logged),
        "ips": _rounded(ips),
        "snips": _rounded(snips),
        "doubly_robust": _rounded(doubly),
        "effective_sample_size": round(size, 1),
        "overlap": round(overlap, 4),
        "largest_weight": round(float(weight.max()), 2),
        "warnings": _warnings(size, overlap),
    }


def expected_rewards(log: Log) -> tuple[Floats, Floats]:
    """(places,) twice: what the reward model expects of the item that was shown, and of the target's choice.

    A place's mean reward times the item's rewards over those expected of its places; fitted on the users of the other folds.
    """
    shown, wanted = np.zeros(len(log.user)), np.zeros(len(log.place))
    # By user and not by place: the places of one user resemble each other.
    fold = log.user % FOLDS
    for held_out in range(FOLDS):
        rest, mine = fold != held_out, fold == held_out
        places = int(log.position.max()) + 1
        seen = np.bincount(log.position[rest], minlength=places)
        mean = log.reward[rest].mean() if rest.any() else 0.0
        rate = (np.bincount(log.position[rest], log.reward[rest], places) + BELIEF * mean) / (seen + BELIEF)
        earned = np.bincount(log.item[rest], log.reward[rest], log.items)
        due = np.bincount(log.item[rest], rate[log.position[rest]], log.items)
        factor = (earned + BELIEF) / (due + BELIEF)
        shown[mine] = rate[log.position[mine]] * factor[log.item[mine]]
        asked = mine[log.place]
        wanted[asked] = rate[log.position[log.place[asked]]] * factor[log.wanted[asked]]
    return shown, np.bincount(log.place, log.chance * wanted, len(log.user)).astype(np.float64)


def text(report: dict[str, Any]) -> str:
    """The report for a terminal."""
    titles = {"logged": "as shown", "ips": "IPS", "snips": "SNIPS", "doubly_robust": "doubly robust"}
    lines = [f"{report['action']} per place, over {report['places']} places of {report['users']} users that were filled by chance"]
    for name, title in titles.items():
        value, low, high = (np.nan if bound is None else bound for bound in report[name].values())
        lines.append(f"{title:<14} {value:.5f} [{low:.5f}, {high:.5f}]")
    size, overlap, largest = (report[name] for name in ("effective_sample_size", "overlap", "largest_weight"))
    lines.append(f"effective sample size {size}, overlap {overlap}, largest weight {largest}")
    lines.append(f"left out: {report['unrandomised']} places that were not left to chance, {report['without_target']} without a target")
    return "\n".join(lines + [f"warning: {warning}" for warning in report["warnings"]])


def _warnings(size: float, overlap: float) -> list[str]:
    warnings = []
    if size < ENOUGH:
        warnings.append(f"the effective sample size is {size:.0f}, below {ENOUGH:.0f}: log more, or judge a nearer policy")
    if not OVERLAP <= overlap <= 1 / OVERLAP:
        warnings.append(
            f"the weights add up to {overlap:.2f} of what they should: the target shows items that the log could not have shown, "
            "or the propensities are wrong; do not trust the estimates"
        )
    return warnings


def _rounded(value: Estimate) -> dict[str, float | None]:
    return {bound: None if np.isnan(number) else round(number, 6) for bound, number in value._asdict().items()}
