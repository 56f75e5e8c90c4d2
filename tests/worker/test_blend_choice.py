"""The trained blend ranks the catalogue that it knows; any other is ranked by the plain one, and both are said."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.sketch import Sketch
from streamrec.library.recommender import Recommender
from streamrec.ranking.arms import DEFAULT, Arms
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import Blend
from streamrec.ranking.scorers.worth import Worth
from streamrec.settings import Settings
from streamrec.worker import assembly
from streamrec.worker.assembly import Ranking, build_ranking
from streamrec.worker.blend_choice import BlendChoice
from streamrec.worker.blend_feed import BlendFeed
from streamrec.worker.follower import ShopFollower
from streamrec.worker.pieces import pieces
from streamrec.worker.weights_feed import WeightsFeed
from tests.shop import NOW, Record, item, settings

OWN = [f"own-{number}" for number in range(40)]
OTHERS = [f"other-{number}" for number in range(40)]
TRAINED = replace(Blend.plain(), version="trained")


def choice(sketch: Sketch | None = None, **changes: Any) -> BlendChoice:
    return BlendChoice(settings(**changes), TRAINED, sketch)


def shop(made: BlendChoice) -> Ranking:
    catalogue, used = Catalogue(), settings()
    return Ranking(catalogue, Arms(), {DEFAULT: Ranker(catalogue, used, made.blend)}, {DEFAULT: made})


@pytest.mark.parametrize(
    ("changes", "sketch", "items", "version", "why"),
    [
        ({}, Sketch.of(OWN), OWN, "trained", "known"),
        ({}, Sketch.of(OWN), OTHERS, "plain", "unknown"),
        ({}, Sketch.of(OWN), [], "plain", "undecided"),
        ({}, Sketch.of(OWN), OTHERS[:3], "plain", "undecided"),
        ({}, Sketch.of(OWN), OWN[:1], "trained", "known"),
        ({}, None, OTHERS, "trained", "no sketch"),
        ({"blend_for": "always"}, Sketch.of(OWN), OTHERS, "trained", "set"),
        ({"blend_for": "never"}, Sketch.of(OWN), OWN, "plain", "set"),
    ],
)
def test_what_ranks_follows_from_setting_sketch_and_catalogue(
    changes: dict[str, str], sketch: Sketch | None, items: list[str], version: str, why: str
) -> None:
    made = choice(sketch, **changes)
    made.decide(items)
    assert (made.blend.version, made.why) == (version, why)
    assert version in made.in_words()


def test_without_a_trained_blend_the_plain_one_ranks() -> None:
    made = BlendChoice(settings())
    assert (made.blend.version, made.why, made.decide(OWN)) == ("plain", "none trained", False)


def test_what_was_decided_stays_when_the_catalogue_grows() -> None:
    made = choice(Sketch.of(OWN))
    assert made.decide(OTHERS)
    assert not made.decide(OTHERS + OWN)
    assert made.blend.version == "plain"


def test_a_worker_in_another_shop_warns_once_and_names_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    ranking = shop(choice(Sketch.of(OWN)))
    ranking.catalogue.put_items(map(item, OTHERS))
    with caplog.at_level(logging.INFO):
        ranking.choose()
        ranking.choose()
    (told,) = caplog.records
    assert told.levelno == logging.WARNING
    assert "trained on 0 of the 40 items" in told.message
    assert "`streamrec train all`" in told.message
    assert ranking.ranker.base_name == "plain/allow/off"


def test_a_worker_that_starts_before_the_items_come_decides_once_they_are_there() -> None:
    ranking = shop(choice(Sketch.of(OWN)))
    feed = BlendFeed(ranking)
    feed.settle()
    assert ranking.ranker.blend.version == "plain"
    ranking.catalogue.put_items(map(item, OWN))
    feed.between()
    assert ranking.ranker.blend.version == "trained"
    ranking.catalogue.put_items(map(item, (f"later-{number}" for number in range(5000))))
    feed.between()
    assert ranking.ranker.blend.version == "trained"


def test_what_was_learned_on_top_of_the_trained_blend_waits_until_that_ranks() -> None:
    """The weights' feed comes after the blend's: what is learned must stand on what really ranks."""
    ranking = shop(choice(Sketch.of(OWN)))
    weights = WeightsFeed(settings(), ranking.ranker)
    items = _Items(ranking.catalogue)
    follower = ShopFollower(ranking, items, [BlendFeed(ranking), weights])  # type: ignore[arg-type]
    ranking.catalogue.put_items(map(item, OWN))
    follower.between()
    assert weights._base == ranking.ranker.base_name == "trained/allow/off"


def test_a_model_that_is_swapped_in_is_judged_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    ranking = shop(choice(Sketch.of(OWN)))
    ranking.catalogue.put_items(map(item, OTHERS))
    ranking.choose()
    better = BlendChoice(settings(), replace(TRAINED, version="theirs"), Sketch.of(OTHERS))
    monkeypatch.setattr(assembly, "own_choice", lambda chosen: better)
    ranking.follow(settings())()
    assert ranking.ranker.blend.version == "theirs"


def test_a_blend_that_is_not_asked_for_is_not_read(tmp_path: Path) -> None:
    ranking = build_ranking(settings(blend=tmp_path / "missing.onnx", blend_for="never"))
    assert ranking.ranker.blend.version == "plain"


def test_library_and_metrics_say_which_blend_ranks_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_own(used: Settings) -> BlendChoice:
        return BlendChoice(used, TRAINED, Sketch.of(OWN))

    monkeypatch.setattr(assembly, "own_choice", of_own)
    with Recommender(settings()) as recommender:
        recommender.put(*map(item, OTHERS))
        assert recommender.recommend("u").weights_version == "plain"
    with Recommender(settings()) as recommender:
        recommender.put(*map(item, OWN))
        assert recommender.recommend("u").weights_version == "trained"
    made = pieces(settings())
    assert made.gauges.model()["blend_why"] == "undecided"
    topic = settings().topic("items")
    record = Record(topic, 0, OWN[0].encode(), b'{"item_id": "own-0", "title": "mug", "price": 1, "currency": "GBP"}', NOW)
    made.follower.apply(topic, [record])
    made.follower.between()
    assert (made.gauges.model()["blend"], made.gauges.model()["blend_why"]) == ("trained", "known")


class _Items:
    """Stands for the feed of the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def topics(self) -> list[str]:
        return []

    def between(self) -> None:
        pass


@pytest.mark.parametrize(("items", "readers"), [(OWN, "all"), (OTHERS, "writers"), ([], "writers")])
def test_what_reading_is_worth_holds_where_the_trained_blend_ranks(items: list[str], readers: str) -> None:
    made = BlendChoice(settings(), TRAINED, Sketch.of(OWN), Worth(pairs=(1.2, 1.1, 1.3)))
    made.decide(items)
    assert made.worth.readers == readers
