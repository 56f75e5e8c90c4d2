"""The arms of an experiment: what each earned, and whether it is better than the control, at any moment at which somebody looks.

The unit is the user, whose arm is drawn by a hash: the reward per list, averaged over users. The difference to the control has a
confidence sequence, which is valid at all looks together (the normal-mixture mSPRT of Johari, Koomen, Pekelis and Walsh, Operations
Research 70, 2022, with the mixture of Robbins 1970 tuned for `PLANNED` users an arm, as in Waudby-Smith et al., Annals of Statistics 52,
2024). It rests on a normal limit, hence none before `FIRST_LOOK` users an arm.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from streamrec.errors import InputError
from streamrec.evaluation.slates import Slate, read_slates

ALPHA = 0.05
# The interval is narrowest at this many users an arm; with others it is still valid, and only wider.
PLANNED = 1000
# Where most users never react, means of fewer of them are not normal.
FIRST_LOOK = 100


@dataclass
class Arm:
    """The lists of one arm, by user."""

    lists: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    actions: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))

    def add(self, slate: Slate) -> None:
        """Count one slate."""
        self.lists[slate.who] += 1
        for action in {name for item in slate.items for name in item.actions} | {reaction.action for reaction in slate.feedback}:
            self.actions[action][slate.who] += slate.count(action)

    def rates(self, action: str) -> Any:
        """(users,): reactions per list of each user."""
        counted = self.actions.get(action, {})
        return np.array([counted.get(user, 0) / lists for user, lists in self.lists.items()])


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of an arm minus that of the control, with an always-valid interval and p-value (None before the first look)."""

    value: float
    low: float | None
    high: float | None
    p: float | None

    @property
    def verdict(self) -> str:
        """`better`, `worse` or `undecided`."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return "undecided"
        return "better" if self.low > 0 else "worse"


def compare_arms(log: Path, control: str, action: str) -> dict[str, Any]:
    """The report of a log of slates; users who were in several arms are left out.

    Raises:
        InputError: the log cannot be read, or has no list of the control.
    """
    slates = read_slates(log)
    # A user who has met several arms belongs to none: what one arm showed works on in the other.
    homes: dict[str, set[str]] = defaultdict(set)
    for slate in slates:
        homes[slate.who].add(slate.arm)
    arms: dict[str, Arm] = defaultdict(Arm)
    for slate in slates:
        if len(homes[slate.who]) == 1:
            arms[slate.arm].add(slate)
    if control not in arms:
        raise InputError(f"{log} has no lists of the arm {control}; name the control, one of {', '.join(sorted(arms))}, with --control")
    actions = sorted({name for arm in arms.values() for name in arm.actions} | {action})
    report: dict[str, Any] = {"action": action, "control": control, "arms": {}}
    report["users_in_several_arms"] = sum(len(names) > 1 for names in homes.values())
    for name, arm in sorted(arms.items()):
        head = {"users": len(arm.lists), "lists": sum(arm.lists.values())}
        report["arms"][name] = head | {"per_list": {kind: round(float(arm.rates(kind).mean()), 6) for kind in actions}}
        if name != control:
            less = difference(arm.rates(action), arms[control].rates(action))
            bounds = {bound: _rounded(getattr(less, bound)) for bound in ("value", "low", "high", "p")}
            report["arms"][name]["less_control"] = bounds | {"verdict": less.verdict}
    return report


def difference(ours: Any, control: Any, alpha: float = ALPHA) -> Difference:
    """The mean of `ours` minus the mean of `control`, both of shape (users,), with the confidence sequence at this look."""
    delta = float(ours.mean() - control.mean())
    if min(len(ours), len(control)) < FIRST_LOOK:
        return Difference(delta, None, None, None)
    spread = float(ours.var(ddof=1)), float(control.var(ddof=1))
    variance = spread[0] / len(ours) + spread[1] / len(control)
    # Where nobody in an arm differs, variance says nothing about certainty.
    if min(spread) == 0:
        return Difference(delta, None, None, None)
    wide = 2 * math.log(1 / alpha)
    mixture = sum(spread) / PLANNED * (wide + math.log(wide) + 1)
    both = variance + mixture
    half = math.sqrt(variance * both / mixture * (wide + math.log(both / variance)))
    evidence = mixture * delta**2 / (2 * variance * both) + math.log(variance / both) / 2
    # exp overflows a float from 710 on.
    return Difference(delta, delta - half, delta + half, min(1.0, math.exp(-evidence)) if evidence > -700 else 1.0)


def text(report: dict[str, Any]) -> str:
    """The report for a terminal."""
    lines = [f"{report['action']} per list, averaged over users; the control is {report['control']}"]
    for name, arm in report["arms"].items():
        rates = ", ".join(f"{action} {rate:.5f}" for action, rate in arm["per_list"].items())
        lines.append(f"{name}: {arm['users']} users, {arm['lists']} lists; per list {rates}")
        if (less := arm.get("less_control")) is not None:
            known = less["low"] is not None
            bounds = f"[{less['low']:.5f}, {less['high']:.5f}], p {less['p']:.4f}" if known else "too few users for an interval"
            lines.append(f"  less the control {less['value']:+.5f} {bounds}: {less['verdict']}")
    if report["users_in_several_arms"]:
        lines.append(f"left out: {report['users_in_several_arms']} users who were in several arms")
    return "\n".join(lines)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
