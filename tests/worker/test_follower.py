"""Each broadcast topic reaches those who follow it, in the order in which one builds on the other."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from streamrec.contract.records import Inbound
from streamrec.errors import BadEvent
from streamrec.state.memory import UserMemory
from streamrec.worker.assembly import build_ranking
from streamrec.worker.catalogue_feed import CatalogueFeed
from streamrec.worker.follower import ShopFollower
from tests.shop import NOW, Record, settings


class Noting:
    """A feed that notes what it is asked."""

    def __init__(self, name: str, topic: str, log: list[str]) -> None:
        self._name, self._topic, self._log = name, topic, log

    def topics(self) -> list[str]:
        return [self._topic]

    def apply(self, topic: str, records: Sequence[Inbound]) -> None:
        self._log.append(f"{self._name} has {len(records)} of {topic}")

    def settle(self) -> None:
        self._log.append(f"{self._name} settles")

    def between(self) -> None:
        self._log.append(f"{self._name} looks")


Bench = tuple[ShopFollower, CatalogueFeed, list[str]]


@pytest.fixture
def bench() -> Bench:
    ranking, log = build_ranking(settings()), list[str]()
    feed = CatalogueFeed(settings(), ranking.catalogue, monotonic=lambda: 100.0)
    others = [Noting("swap", "models", log), Noting("first", "weights", log), Noting("second", "weights", log)]
    return ShopFollower(ranking, feed, others), feed, log


def test_the_topics_are_those_of_all_feeds_and_records_go_to_all_that_share_one(bench: Bench) -> None:
    follower, feed, log = bench
    assert set(follower.topics) == {*feed.topics(), "models", "weights"}
    follower.apply("weights", [Record("weights", 0, b"k", b"v", NOW)])
    follower.apply("models", [])
    assert log == ["first has 1 of weights", "second has 1 of weights", "swap has 0 of models"]


def test_weights_follow_the_model_that_is_swapped_in(bench: Bench) -> None:
    follower, _, log = bench
    follower.between()
    assert log == ["swap looks", "first looks", "second looks"]
    log.clear()
    follower.warm()
    assert log == ["swap settles", "first settles", "second settles"]


def test_a_rejected_record_of_any_topic_has_a_dead_letter(bench: Bench) -> None:
    follower, feed, _ = bench
    follower.reject(Record("models", 4, b"k", b"v", NOW), BadEvent("failed", "no"))
    (letter,) = feed.dead_letters(UserMemory(), NOW)
    assert letter.key == b"k"


def test_the_catalogue_is_stale_until_the_topics_are_polled(bench: Bench) -> None:
    follower, feed, _ = bench
    follower.polled(98.0)
    assert feed.stale()
    follower.polled(99.9)
    assert not feed.stale()
