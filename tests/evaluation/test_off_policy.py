"""Off-policy estimates against worlds whose truth is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamrec.errors import InputError
from streamrec.evaluation.off_policy import estimate, expected_rewards, join, report
from streamrec.evaluation.slates import ListPlace, Reacted, Shown, Slate
from streamrec.learning.examples import Example, ExampleItem, encode_example, hashed
from tests.evaluation.shop import write

Floats = NDArray[np.float64]
PLACES, ITEMS = 3, 5


class World:
    """Click rates by place and item, each place with items of its own; filled by `logging`, to be filled by `target`: (places, items)."""

    def __init__(self, seed: int, sharpness: float = 1.0) -> None:
        self.rng = np.random.default_rng(seed)
        self.rates = self.rng.uniform(0.05, 0.6, (PLACES, ITEMS))
        self.logging = self._policy(0.7)
        self.target = self._policy(sharpness)

    def _policy(self, sharpness: float) -> Floats:
        odds: Floats = np.exp(sharpness * self.rng.normal(size=(PLACES, ITEMS)))
        return np.asarray(odds / odds.sum(1, keepdims=True))

    def truth(self) -> float:
        return float((self.target * self.rates).sum() / PLACES)

    def slates(self, count: int) -> list[Slate]:
        made = []
        for at in range(count):
            shown = [int(self.rng.choice(ITEMS, p=self.logging[place])) for place in range(PLACES)]
            items = [
                Shown(
                    f"{place}-{item}",
                    propensity=float(self.logging[place, item]),
                    actions={"click": 5.0} if self.rng.random() < self.rates[place, item] else {},
                )
                for place, item in enumerate(shown)
            ]
            made.append(Slate(f"l{at}", items, user_id=f"u{at // 2}"))
        return made

    def targets(self, slates: list[Slate]) -> dict[ListPlace, dict[str, float]]:
        chances = [{f"{place}-{item}": float(chance) for item, chance in enumerate(row)} for place, row in enumerate(self.target)]
        return {ListPlace(slate.list_id, place): chances[place] for slate in slates for place in range(PLACES)}

    def report(self, count: int) -> dict[str, Any]:
        slates = self.slates(count)
        return report(join(slates, self.targets(slates), "click"))


ESTIMATORS = ("ips", "snips", "doubly_robust")


def test_all_estimators_find_the_truth_and_the_log_alone_does_not() -> None:
    errors: dict[str, list[float]] = {name: [] for name in ("logged", *ESTIMATORS)}
    covered = dict.fromkeys(ESTIMATORS, 0)
    for seed in range(20):
        world = World(seed)
        found = world.report(600)
        for name, misses in errors.items():
            misses.append(found[name]["value"] - world.truth())
        for name in ESTIMATORS:
            covered[name] += found[name]["low"] <= world.truth() <= found[name]["high"]
        assert found["overlap"] == pytest.approx(1, abs=0.2)
    rms = {name: float(np.sqrt(np.mean(np.square(values)))) for name, values in errors.items()}
    assert rms["logged"] > 0.03
    for name in ESTIMATORS:
        assert rms[name] < 0.025, name
        assert abs(np.mean(errors[name])) < 0.01, name
        assert covered[name] >= 16, name


def test_the_doubly_robust_estimate_is_the_steadiest_where_weights_are_wild() -> None:
    errors: dict[str, list[float]] = {name: [] for name in ESTIMATORS}
    for seed in range(15):
        world = World(seed, sharpness=2.5)
        found = world.report(300)
        for name in ESTIMATORS:
            errors[name].append(found[name]["value"] - world.truth())
    spread = {name: float(np.mean(np.square(values))) for name, values in errors.items()}
    assert spread["doubly_robust"] < spread["ips"]
    assert spread["snips"] < spread["ips"]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 1))
def test_a_world_where_all_earn_the_same_is_judged_so_by_snips_whatever_the_policies(seed: int, chance: float) -> None:
    world = World(seed)
    world.rates[:] = chance > 0.5
    found = world.report(30)
    assert found["snips"]["value"] == pytest.approx(float(chance > 0.5))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_a_policy_judged_by_its_own_log_earns_what_was_logged(seed: int) -> None:
    world = World(seed)
    world.target = world.logging
    found = world.report(20)
    for name in ("ips", "snips"):
        assert found[name] == found["logged"]
    assert found["effective_sample_size"] == found["places"]
    assert found["overlap"] == 1


def test_the_reward_model_never_saw_the_user_that_it_speaks_of() -> None:
    slates = [
        Slate("a", [Shown("x", propensity=0.5, actions={"click": 1.0})], user_id="u"),
        Slate("b", [Shown("x", propensity=0.5)], user_id="v"),
    ]
    shown, _ = expected_rewards(join(slates, {ListPlace(name, 0): {"x": 1.0} for name in "ab"}, "click"))
    assert shown[0] == 0
    assert shown[1] == pytest.approx(1)


def test_a_policy_that_the_log_could_not_have_shown_is_warned_of() -> None:
    world = World(1)
    slates = world.slates(40)
    targets = {ListPlace(slate.list_id, 0): {"never shown": 1.0} for slate in slates}
    found = report(join(slates, targets, "click"))
    assert found["overlap"] == 0
    assert [warning.split(":")[0] for warning in found["warnings"]] == [
        "the effective sample size is 0, below 100",
        "the weights add up to 0.00 of what they should",
    ]


def test_an_ample_log_of_a_near_policy_gives_no_warning() -> None:
    assert World(3, sharpness=0.3).report(400)["warnings"] == []


def test_feedback_counts_for_items_of_its_slate_only_and_in_either_form() -> None:
    slate = Slate("a", [Shown("x", actions={"click": 3.0}), Shown("y")], user="h", feedback=[Reacted("y", "click"), Reacted("z", "click")])
    assert slate.items_with("click") == {"x", "y"}
    assert slate.items_with("cart") == set()


def files(folder: Path, slates: list[dict[str, Any]], targets: list[dict[str, Any]]) -> tuple[Path, Path]:
    return write(folder / "log.jsonl", slates), write(folder / "target.jsonl", targets)


def slate(list_id: str, *items: tuple[str, float | None], **more: Any) -> dict[str, Any]:
    return {"list_id": list_id, "user_id": "u", "items": [{"item_id": name, "propensity": chance} for name, chance in items]} | more


def test_places_without_chance_or_target_are_left_out_and_counted(tmp_path: Path) -> None:
    log, target = files(
        tmp_path,
        [slate("a", ("x", None), ("y", 0.5), ("z", 1.0)), slate("b", ("x", 0.5))],
        [{"list_id": "a", "items": [{"item_id": "x", "rank": 1}, {"item_id": "y", "rank": 2}]}],
    )
    found = estimate(log, target, "click")
    assert (found["places"], found["unrandomised"], found["without_target"]) == (1, 2, 1)


def test_the_last_line_of_a_list_counts(tmp_path: Path) -> None:
    early, late = slate("a", ("x", 0.5)), slate("a", ("x", 0.5), feedback=[{"item_id": "x", "action": "click"}])
    log, target = files(tmp_path, [early, late], [{"list_id": "a", "items": [{"item_id": "x", "position": 0}]}])
    assert estimate(log, target, "click")["ips"]["value"] == 2


@pytest.mark.parametrize(
    ("slates", "targets", "complaint"),
    [
        ([slate("a", ("x", None))], [{"list_id": "a", "items": [{"item_id": "x"}]}], "no place that was filled by chance"),
        ([slate("a", ("x", 0.0))], [], r"log\.jsonl: line 1"),
        ([slate("a", ("x", 0.5), user_id=None)], [], "names neither user_id nor user"),
        ([slate("a", ("x", 0.5))], [{"list_id": "a", "items": [{"item_id": n, "position": 0} for n in "xy"]}], "add up to more than 1"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, slates: Any, targets: Any, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        estimate(*files(tmp_path, slates, targets), "click")


def test_the_command_prints_estimates_and_warnings(tmp_path: Path, evaluate: Callable[..., Any]) -> None:
    log, target = files(tmp_path, [slate("a", ("x", 0.5))], [{"list_id": "a", "items": [{"item_id": "x"}]}])
    done = evaluate("--off-policy", str(log), "--target", str(target))
    assert "effective sample size 1.0" in done.stdout
    assert "warning: the effective sample size is 1, below 100" in done.stdout
    assert json.loads(evaluate("--off-policy", str(log), "--target", str(target), "--json").stdout)["places"] == 1
    assert evaluate("--off-policy", str(log)).exit_code == 2


def test_the_training_examples_of_a_shop_are_such_a_log(tmp_path: Path) -> None:
    items = [ExampleItem("x", 0.25, 0.1, [1.0], {"impression": 5, "click": 9}), ExampleItem("y", 1.0, 0.1, [1.0])]
    example = Example("l", hashed("u"), 5, "default", "w", "b", "m", "s", items)
    log = tmp_path / "log.jsonl"
    log.write_bytes(encode_example(example) + b"\n")
    target = write(tmp_path / "target.jsonl", [{"list_id": "l", "items": [{"item_id": "x"}, {"item_id": "z"}]}])
    found = estimate(log, target, "click")
    assert (found["places"], found["unrandomised"], found["ips"]["value"]) == (1, 1, 4)
