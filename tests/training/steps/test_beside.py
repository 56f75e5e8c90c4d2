"""Blends are compared on the same orders, by the rules of `streamrec evaluate`."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.progress import Progress

from streamrec.bert.blends import Repeats
from streamrec.ranking.scorers.blend import Blend
from streamrec.settings import Settings
from streamrec.training.data.own_orders import CHECKED, HISTORY, Shop, read_shop
from streamrec.training.data.rolls import Rolled, roll
from streamrec.training.steps import beside
from streamrec.training.steps.beside import FUSION, Bench
from streamrec.training.steps.listwise import ndcg
from tests.cli.train.own_shop import FIRST, write_shop
from tests.shop import DAY, settings

MODES: tuple[Repeats, ...] = ("allow", "exclude")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return read_shop(*write_shop(tmp_path_factory.mktemp("shop"), orders=200))


@pytest.fixture(scope="module")
def rolled(shop: Shop) -> dict[Repeats, Rolled]:
    used: Settings = settings(blend_for="never")
    with Progress(disable=True) as progress:
        return roll(used, shop.items, shop.events, (shop.checked_from, shop.until), MODES, 0, progress)


def test_the_times_divide_the_orders(shop: Shop) -> None:
    """300 orders, five a day."""
    assert (shop.listed, shop.orders, shop.unlisted) == (100, 200, 0.0)
    assert shop.since == pytest.approx(FIRST + HISTORY * 40 * DAY, abs=DAY)
    assert shop.checked_from == pytest.approx(FIRST + (1 - (1 - HISTORY) * CHECKED) * 40 * DAY, abs=DAY)
    assert shop.until % DAY == 0
    assert 0 < shop.until - (FIRST + 199 * DAY // 5) <= DAY


@pytest.mark.parametrize("mode", MODES)
def test_the_figures_are_those_that_training_chooses_by(shop: Shop, rolled: dict[Repeats, Rolled], mode: Repeats, tmp_path: Path) -> None:
    plain, other = Blend.plain(), Blend.plain().adjusted({"category": 3.0}, "other")
    samples = rolled[mode].samples
    compared = Bench(shop, tmp_path).compare(mode, samples, rolled[mode].ids, {"new": other, "plain": plain})
    wanted = {"new": ndcg(samples, other).mean(), "plain": ndcg(samples, plain).mean()}
    assert {name: compared["ndcg@10"][name] for name in wanted} == pytest.approx(wanted, abs=1e-4)
    assert compared["lists"] == sum(sample.relevant > 0 for sample in samples)
    ratio, low, high = compared["times"]["plain"]
    assert ratio == pytest.approx(wanted["new"] / wanted["plain"], abs=1e-3)
    assert low <= ratio <= high


@pytest.mark.parametrize("why", ["no scipy", "too many items"])
def test_a_fusion_that_cannot_be_measured_is_left_out_and_says_why(
    shop: Shop, rolled: dict[Repeats, Rolled], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "no scipy":
        monkeypatch.setattr(beside, "find_spec", lambda name: None)
    else:
        monkeypatch.setattr("streamrec.evaluation.baselines.market.MOST_ITEMS", 10)
    bench = Bench(shop, tmp_path)
    assert bench.without_fusion
    compared = bench.compare("allow", rolled["allow"].samples, rolled["allow"].ids, {"new": Blend.plain(), "plain": Blend.plain()})
    assert FUSION not in compared["ndcg@10"]
    assert compared["times"]["plain"][0] == 1.0
