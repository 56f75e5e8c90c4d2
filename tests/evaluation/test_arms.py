"""Experiments whose truth is known, looked at again and again."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from streamrec.errors import InputError
from streamrec.evaluation.arms import FIRST_LOOK, compare_arms, difference
from tests.evaluation.shop import write

RUNS, USERS, LOOKS = 200, 1500, 30
Floats = NDArray[np.float64]


def rates(rng: np.random.Generator, lift: float) -> list[Floats]:
    """Rates per list of one arm's users at each look: users come one after another, return, and differ in taste."""
    taste = np.clip(rng.beta(1, 12, USERS) + lift, 0, 1)
    lists, clicks, found = np.zeros(USERS), np.zeros(USERS), []
    for look in range(1, LOOKS + 1):
        here = USERS * look // LOOKS
        again = (rng.random(USERS) < 0.4) & (np.arange(USERS) < here)
        again[USERS * (look - 1) // LOOKS : here] = True
        lists += again
        clicks += again * (rng.random(USERS) < taste)
        found.append(clicks[:here] / lists[:here])
    return found


def naive(ours: Floats, control: Floats) -> bool:
    """Whether a test made for one look only would call it."""
    error = math.sqrt(ours.var(ddof=1) / len(ours) + control.var(ddof=1) / len(control))
    return bool(abs(ours.mean() - control.mean()) > 1.96 * error)


def test_looking_all_the_time_hardly_ever_finds_a_difference_that_is_not_there() -> None:
    rng = np.random.default_rng(11)
    always_valid = at_every_look = 0
    for _ in range(RUNS):
        pairs = [(ours, control) for ours, control in zip(rates(rng, 0), rates(rng, 0), strict=True) if len(ours) >= FIRST_LOOK]
        always_valid += any(difference(*pair).verdict != "undecided" for pair in pairs)
        at_every_look += any(naive(*pair) for pair in pairs)
    # 5 % of 200 are 10; 18 and more happen once in 100 if it is 5 %.
    assert always_valid <= 17
    assert at_every_look >= 25


def test_a_difference_that_is_there_is_found_and_covered() -> None:
    rng = np.random.default_rng(5)
    found = covered = 0
    for _ in range(40):
        looks = [difference(ours, control) for ours, control in zip(rates(rng, 0.03), rates(rng, 0), strict=True)]
        found += looks[-1].verdict == "better"
        covered += all(look.low <= 0.03 <= look.high for look in looks if look.low is not None and look.high is not None)
    assert found >= 30
    assert covered >= 35


def test_p_is_below_alpha_just_when_the_interval_leaves_zero_out() -> None:
    rng = np.random.default_rng(3)
    seen = set()
    for lift in np.linspace(-0.1, 0.1, 60):
        one = difference(rng.normal(lift, 0.3, 400), rng.normal(0, 0.3, 300))
        assert one.p is not None
        assert (one.p < 0.05) == (one.verdict != "undecided")
        seen.add(one.verdict)
    assert seen == {"better", "worse", "undecided"}


def test_few_users_or_no_spread_give_no_interval() -> None:
    many, same = np.random.default_rng(0).random(500), np.zeros(500)
    assert difference(many[: FIRST_LOOK - 1], many).low is None
    assert difference(many, same).verdict == "undecided"


def log(folder: Path) -> Path:
    slates = []
    for at in range(4):
        arm = "new" if at % 2 else "default"
        slates += [
            {"list_id": f"{at}-{n}", "user": f"u{at}", "arm": arm, "items": [{"item_id": "x", "actions": {"click": 1} if n < at else {}}]}
            for n in range(2)
        ]
    slates.append({"list_id": "s1", "user": "both", "arm": "new", "items": [{"item_id": "x"}]})
    slates.append({"list_id": "s2", "user": "both", "arm": "default", "items": [{"item_id": "x"}]})
    return write(folder / "log.jsonl", slates)


def test_arms_are_told_by_users_lists_and_reactions(tmp_path: Path) -> None:
    report = compare_arms(log(tmp_path), "default", "click")
    assert report["arms"]["default"] == {"users": 2, "lists": 4, "per_list": {"click": 0.5}}
    assert report["arms"]["new"]["per_list"] == {"click": 0.75}
    assert report["arms"]["new"]["less_control"]["value"] == 0.25
    assert report["arms"]["new"]["less_control"]["low"] is None
    assert report["users_in_several_arms"] == 1


def test_a_control_without_lists_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no lists of the arm old; name the control, one of default, new"):
        compare_arms(log(tmp_path), "old", "click")


def test_the_command_prints_arms(tmp_path: Path, evaluate: Callable[..., Any]) -> None:
    table = evaluate("--arms", str(log(tmp_path))).stdout
    assert "new: 2 users, 4 lists; per list click 0.75000" in table
    assert "less the control +0.25000 too few users for an interval: undecided" in table
    assert "left out: 1 users" in table
