"""Learned weights: what fits is served from the next list on, what does not is refused, and slates say by what they were scored."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from streamrec.contract.processor import Outcome, Part
from streamrec.learning.slates import Slate, decode_slate
from streamrec.learning.weights import STATE, Weights, encode_record
from streamrec.ranking.features.schema import FEATURES, SCHEMA
from streamrec.ranking.ranker import Ranker
from streamrec.state.memory import UserMemory, UserShard
from streamrec.worker.list_maker import ListMaker
from streamrec.worker.users import UserProcessor
from streamrec.worker.weights_feed import MOST_BASES, WeightsFeed
from tests.shop import DAY, NOW, Record, WordModel, catalogue, item, record, rows, settings

ITEMS = [item(f"i{number}", f"thing{number}", created_ts=NOW - number * 10 * DAY) for number in range(6)]
DELTA = {"freshness": -3.0}


class Side:
    """A user processor whose ranker is fed with weights."""

    def __init__(self, slates: bool = True) -> None:
        self.settings = settings()
        self.catalogue = catalogue(*ITEMS)
        self.ranker = Ranker(self.catalogue, self.settings)
        self.base = self.ranker.base_name
        self.feed = WeightsFeed(self.settings, self.ranker)
        maker = ListMaker(self.catalogue, self.ranker, clock_ms=lambda: NOW, slates=slates)
        self.users = UserProcessor(self.settings, self.catalogue, maker, clock_ms=lambda: NOW)
        self.rows, self.memory, self.offset = rows(), UserMemory(), 0

    def lists(self, *users: str) -> Outcome:
        self.offset += 1
        views = [record("views", self.offset, user_id=user, item_id="i1", ts=NOW) for user in users]
        return self.users.process([Part(UserShard(0, self.rows, self.memory), views)])[0]

    def take(self, weights: Weights | bytes | None, key: str | None = None) -> dict[str, int]:
        raw = encode_record(weights) if isinstance(weights, Weights) else weights
        self.feed.counts.clear()
        self.feed.apply(self.feed.topic, [Record(self.feed.topic, 0, (key or self.base).encode(), raw, NOW)])
        return self.feed.counts

    def weights(self, **changes: Any) -> Weights:
        return Weights(**{"version": "v1", "base": self.base, "schema": SCHEMA, "delta": DELTA, "published_ts": NOW, **changes})


def slates(outcome: Outcome) -> list[Slate]:
    return [decode_slate(each.value or b"") for each in outcome.records if each.topic == "streamrec.slates"]


def made(outcome: Outcome) -> list[dict[str, Any]]:
    return [msgspec.json.decode(each.value or b"") for each in outcome.records if each.topic == "streamrec.recommendations"]


def test_every_list_has_its_slate_beside_it_under_the_key_of_its_user() -> None:
    outcome = Side().lists("u", "v")
    for slate, shown in zip(slates(outcome), made(outcome), strict=True):
        assert (slate.list_id, slate.user_id, slate.ts) == (shown["list_id"], shown["user_id"], shown["trigger"]["ts"])
        assert slate.items == [place["item_id"] for place in shown["items"]]
        assert (slate.schema, slate.propensities) == (SCHEMA, [1.0] * len(ITEMS))
        assert slate.base_scores == pytest.approx([place["score"] for place in shown["items"]], abs=1e-4)
    assert {each.key for each in outcome.records if each.topic == "streamrec.slates"} == {b"u", b"v"}


def test_the_features_of_a_slate_give_its_scores_with_and_without_what_was_learned() -> None:
    side = Side()
    base = np.array([side.ranker.base.weights[name] for name in FEATURES])
    for delta in ({}, DELTA):
        side.take(side.weights(delta=delta))
        outcome = side.lists("u")
        (slate,), (shown,) = slates(outcome), made(outcome)
        learned = np.array([delta.get(name, 0.0) for name in FEATURES])
        assert slate.matrix() @ base == pytest.approx(slate.base_scores, abs=0.02)
        assert slate.matrix() @ (base + learned) == pytest.approx([place["score"] for place in shown["items"]], abs=0.02)


def test_slates_can_be_turned_off_and_an_empty_list_has_none() -> None:
    assert slates(Side(slates=False).lists("u")) == []
    side = Side()
    for one in ITEMS:
        side.catalogue.remove_item(one.item_id)
    outcome = side.lists("u")
    assert (len(made(outcome)), slates(outcome)) == (1, [])


def test_weights_are_served_from_the_next_list_on_and_named_in_it() -> None:
    side = Side()
    before = made(side.lists("u"))[0]
    assert side.take(side.weights()) == {"served": 1}
    after = made(side.lists("v"))[0]
    assert (before["weights_version"], after["weights_version"]) == (side.ranker.base.version, "v1")
    assert [place["item_id"] for place in before["items"]] != [place["item_id"] for place in after["items"]]
    assert slates(side.lists("w"))[0].weights_version == "v1"
    for place in after["items"]:
        assert sum(place["scores"].values()) == pytest.approx(place["score"], abs=1e-4)


def test_a_version_without_changes_and_a_tombstone_bring_the_base_back() -> None:
    side = Side()
    before = [place["item_id"] for place in made(side.lists("u"))[0]["items"]]
    side.take(side.weights())
    assert side.take(None) == {}
    shown = made(side.lists("v"))[0]
    assert ([place["item_id"] for place in shown["items"]], shown["weights_version"]) == (before, side.ranker.base.version)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"schema": "other"}, "features other"), ({"base": "other"}, "base other"), ({"delta": {"nosuch": 1.0}}, "no feature nosuch")],
)
def test_weights_that_do_not_fit_are_refused_and_what_is_served_stays(
    changes: dict[str, Any], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    side = Side()
    side.take(side.weights())
    assert side.take(side.weights(version="v2", **changes)) == {"refused": 1}
    assert side.take(b"{") == {"refused": 1}
    assert side.ranker.blend.version == "v1"
    assert words in caplog.text


def test_weights_for_another_model_and_the_learners_own_state_are_passed_over() -> None:
    side = Side()
    assert side.take(side.weights(base="other/model"), key="other/model") == {"other_base": 1}
    assert side.take(b"anything", key=STATE + side.base) == {}
    assert side.ranker.blend is side.ranker.base


def test_a_model_that_is_swapped_takes_its_own_weights_with_it_and_no_others() -> None:
    side = Side()
    side.take(side.weights())
    theirs = side.base.removesuffix("off") + WordModel.revision
    side.take(side.weights(version="v7", base=theirs), key=theirs)
    for model, version in ((WordModel(), "v7"), (None, "v1"), (WordModel(), "v7")):
        side.catalogue.model = model
        side.feed.settle()
        assert side.ranker.blend.version == version
    WordModel.revision = "unknown"
    try:
        side.feed.settle()
        assert side.ranker.blend.version == side.ranker.base.version
    finally:
        WordModel.revision = "1"


@pytest.mark.parametrize(
    "delta",
    [
        {"freshness": 1e39},
        {"freshness": -1e308, "cross": 1e308},
        {"freshness": 3.01},
        dict.fromkeys(FEATURES, 1.0),
        {"freshness": float("nan")},
        {"freshness": float("inf")},
    ],
)
def test_weights_that_are_not_finite_or_too_far_from_the_base_are_refused(delta: dict[str, float]) -> None:
    side = Side()
    before = made(side.lists("u"))[0]
    assert side.take(side.weights(delta=delta)) == {"refused": 1}
    raw = msgspec.json.encode(side.weights(delta={"freshness": 0.25})).replace(b"0.25", repr(9 * delta["freshness"]).encode())
    assert side.take(raw) == {"refused": 1}
    after = made(side.lists("v"))[0]
    assert [place["item_id"] for place in after["items"]] == [place["item_id"] for place in before["items"]]
    assert (after.get("degraded"), after["weights_version"]) == (None, side.ranker.base.version)


def test_a_version_at_its_bound_is_served() -> None:
    side = Side()
    assert side.take(side.weights(delta={"freshness": 3.0})) == {"served": 1}


def test_versions_of_bases_without_end_leave_nothing_and_that_of_the_served_base_stays() -> None:
    side = Side()
    side.take(side.weights())
    for number in range(500):
        side.take(side.weights(base=f"other/{number}"), key=f"other/{number}")
    assert len(side.feed._known) <= MOST_BASES
    side.feed._serve()
    assert side.ranker.blend.version == "v1"
