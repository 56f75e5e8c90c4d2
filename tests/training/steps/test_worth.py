"""What a stage is worth is told by orders that no blend has seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rich.progress import Progress

from streamrec.bert.blends import Repeats
from streamrec.ranking.features.schema import POSITION, TEXT
from streamrec.ranking.scorers.blend import Blend
from streamrec.ranking.scorers.worth import surely
from streamrec.training.data.own_orders import Shop, read_shop
from streamrec.training.data.rolls import Rolled, Sample, roll
from streamrec.training.steps import worth as worth_module
from streamrec.training.steps.beside import Bench
from streamrec.training.steps.listwise import Lists, fit
from streamrec.training.steps.worth import Judged
from tests.cli.train.own_shop import write_shop
from tests.shop import settings


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return read_shop(*write_shop(tmp_path_factory.mktemp("shop"), orders=200))


@pytest.fixture(scope="module")
def rolled(shop: Shop) -> Rolled:
    with Progress(disable=True) as progress:
        span = shop.since, shop.until
        return roll(settings(blend_for="never"), shop.items, shop.events, span, ("allow",), 0, progress)["allow"]


def judged(shop: Shop, rolled: Rolled, folder: Path, name: str | None, tells: float = 6.0, wrote: bool = False) -> Judged:
    """As if the feature of that name told what is ordered, and no other text did."""
    dice, made = np.random.default_rng(0), []
    for sample in rolled.samples:
        known = sample.without(TEXT)
        if name is not None:
            known.features[:, POSITION[name]] = np.clip(dice.normal(size=len(known.ordered)) + tells * known.ordered, -6, 6)
        known.user_id, known.trigger, known.wrote = sample.user_id, sample.trigger, wrote
        made.append(known)
    mode: Repeats = "allow"
    cut = len(made) // 2

    def train(samples: list[Sample]) -> Blend:
        return fit(Lists.thin(samples, rolled.former, np.random.default_rng(0)), 4, 0, units=0)

    return Judged(mode, made[:cut], made[cut:], rolled.ids, Bench(shop, folder), train)  # type: ignore[arg-type]


def test_a_cross_encoder_that_tells_what_is_bought_reads_for_all_and_the_blend_learns_with_it(
    shop: Shop, rolled: Rolled, tmp_path: Path
) -> None:
    found = judged(shop, rolled, tmp_path, "cross")
    assert surely(found.worth.pairs)
    assert not surely(found.worth.vectors), "they say nothing here"
    assert found.worth.readers == "all"
    assert found.hides == ()
    assert found.blend.weights["cross"] != Blend.plain().weights["cross"]


def test_one_that_says_nothing_is_not_learned_with(shop: Shop, rolled: Rolled, tmp_path: Path) -> None:
    found = judged(shop, rolled, tmp_path, "cross", tells=0.0)
    assert found.worth.pairs is not None
    assert not surely(found.worth.pairs)
    assert (found.worth.readers, found.hides) == ("writers", ("cross",))
    assert found.blend.weights["cross"] == Blend.plain().weights["cross"]


def test_vectors_are_worth_what_they_add_to_behaviour(shop: Shop, rolled: Rolled, tmp_path: Path) -> None:
    found = judged(shop, rolled, tmp_path, "similarity")
    assert surely(found.worth.vectors)
    assert found.worth.pairs is None, "it read nothing"


@pytest.mark.parametrize(("least", "readers"), [(1, "nobody"), (10_000, "writers")])
def test_writers_are_read_until_enough_of_their_orders_say_that_it_brings_nothing(
    shop: Shop, rolled: Rolled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int, readers: str
) -> None:
    monkeypatch.setattr(worth_module, "WRITERS", least)
    found = judged(shop, rolled, tmp_path, "cross", tells=0.0, wrote=True)
    assert (found.worth.pairs_of_writers is not None) == (readers == "nobody")
    assert found.worth.readers == readers
