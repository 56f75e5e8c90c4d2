"""Workers and learner on real Kafka: lists follow the shoppers, whatever happens to the learner and whoever tries to spoil them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.shoppers import Shoppers
from streamrec.broker.ports import free_ports
from streamrec.cli.main import app
from streamrec.kafka import topics
from streamrec.learning.examples import Example, decode_example, hashed
from streamrec.learning.instances import reactions
from streamrec.learning.slates import decode_slate
from streamrec.learning.weights import STATE, LearnerState, Weights, decode_state, decode_weights
from streamrec.ranking.features.schema import FEATURES
from streamrec.settings import Settings
from streamrec.web.client import get
from tests.engine.support import Worker, records, stop_all, until
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.kafka
ITEMS, USERS, PARTITIONS = 30, 24, 2
LEARN = {
    "STREAMREC_LEARN_SETTLE_S": "0.3",
    "STREAMREC_LEARN_INTERVAL_S": "0.5",
    "STREAMREC_LEARN_RATE": "0.2",
    "STREAMREC_LEARN_REACTIONS": "40",
}
WORK = {"STREAMREC_SCORING": "off", "STREAMREC_CANDIDATES": "all", "STREAMREC_FETCH_MAX_WAIT_MS": "20", "STREAMREC_MAX_SHOWN": "0"}
GOOD = 0.8
"""NDCG against the true taste."""


class Learner(Worker):
    """A real `streamrec learn run`."""

    def __init__(self, settings: Settings, name: str = "learner", **environment: str) -> None:
        (self.port,) = free_ports(1)
        super().__init__(settings, name, "streamrec.cli.main learn run", STREAMREC_LEARN_PORT=str(self.port), **environment)

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def get(self, path: str) -> tuple[int, str]:
        answer = get(f"http://127.0.0.1:{self.port}{path}", timeout_s=PATIENCE_S)
        return answer.status, answer.body.decode()


class Crowd(Shoppers):
    """Shoppers who can wait for what they like."""

    def until(self, wanted: float, users: list[str], what: str) -> None:
        """Shop until the lists are so good."""
        self.recent.clear()

        def good() -> bool:
            self.shop(users)
            return self.served() >= wanted

        until(good, what)


@pytest.fixture
def settings(broker: str, tmp_path: Path) -> Settings:
    found = Settings(broker=broker, prefix="learn.", app_id="learn", partitions=PARTITIONS, data_dir=tmp_path / "data")
    topics.create(found)
    return found


@pytest.fixture
def shoppers(settings: Settings) -> Iterator[Crowd]:
    made = Crowd(settings, ITEMS, taste=-2.0)
    made.open()
    yield made
    made.close()


def versions(settings: Settings) -> tuple[dict[str, Weights], LearnerState]:
    """All versions that were published, and where the learner stood last."""
    found = records(settings, "blend-weights")
    states = [decode_state(record.value) for record in found if record.key.startswith(STATE.encode())]
    weights = [decode_weights(record.value) for record in found if not record.key.startswith(STATE.encode())]
    assert len({one.version for one in weights}) == len(weights)
    return {one.version: one for one in weights}, states[-1]


def examples(settings: Settings) -> list[tuple[int, int, Example]]:
    return [(record.partition, record.offset, decode_example(record.value)) for record in records(settings, "training-examples")]


def no_list_is_of_two_versions(settings: Settings, published: dict[str, Weights]) -> None:
    """Every score is that of the base plus the weights that the list names."""
    slates = {slate.list_id: slate for slate in (decode_slate(record.value) for record in records(settings, "slates"))}
    seen = Counter[str]()
    for record in records(settings, "recommendations"):
        made = json.loads(record.value)
        slate, version = slates[made["list_id"]], made["weights_version"]
        delta = published[version].delta if version in published else {}
        learned = slate.matrix() @ np.array([delta.get(name, 0.0) for name in FEATURES])
        assert slate.weights_version == version
        assert [place["score"] for place in made["items"]] == pytest.approx(list(slate.base_scores + learned), abs=0.02)
        seen[version] += 1
    assert len(seen) > 5


def test_lists_follow_a_taste_that_changes_through_a_kill_poison_and_a_second_learner(settings: Settings, shoppers: Crowd) -> None:
    worker = Worker(settings, module="streamrec.cli.main worker", **WORK)
    learner, second = Learner(settings, **LEARN), Learner(settings, "second", **LEARN)
    users, thieves = [f"u{number}" for number in range(USERS)], ["thief-1", "thief-2", "thief-3"]
    try:
        worker.start()
        learner.start()
        worker.ready()
        learner.ready()
        shoppers.until(GOOD, users, "lists of what is old")

        learner.kill()
        shoppers.taste = -shoppers.taste
        assert shoppers.turns(4, users) < GOOD - 0.2
        learner.start().ready()
        shoppers.turns(4, users)
        learner.kill()
        shoppers.turns(4, users)
        learner.start().ready()
        shoppers.until(GOOD, users, "lists of what is new")

        shoppers.thieves = set(thieves)
        # Long enough for the burst to have had its effect, and for the lists to be through with following.
        assert shoppers.turns(60, users + 4 * thieves) > GOOD - 0.1
        second.start().ready()

        def replaced() -> bool:
            shoppers.shop(users)
            return learner.ended()

        until(replaced, "the end of the learner that another one has replaced")
        assert learner.exit_code() == 1
        assert "another learner of this deployment has taken over" in learner.log.read_text()
        until(lambda: told(settings) >= shoppers.clicks, "all clicks in the examples")
        assert second.stop() == 0

        published, state = versions(settings)
        assert told(settings) == shoppers.clicks
        taught = [
            reaction
            for partition, offset, example in examples(settings)
            if offset < state.offsets[partition]
            for reaction in reactions(example, {"click": 1.0})
        ]
        assert state.learned + state.capped == len(taught)
        assert any(one.user == hashed("thief-1") for one in taught)
        no_list_is_of_two_versions(settings, published)
        the_log_can_be_printed(settings, shoppers)
        the_operator_goes_back(settings, shoppers, users)
        assert worker.stop() == 0
    finally:
        stop_all([worker, learner, second])


def told(settings: Settings) -> set[tuple[str, str, str]]:
    """The reactions that the examples tell as new (list, item, action); none of them twice."""
    found = [
        (example.list_id, example.items[position].item_id, action)
        for _, _, example in examples(settings)
        for position, action in example.fresh
    ]
    assert len(found) == len(set(found))
    return set(found)


def learn(settings: Settings, *command: str) -> list[Any]:
    """What the command prints."""
    kafka = ["--broker", settings.broker, "--prefix", settings.prefix, "--partitions", str(PARTITIONS)]
    result = CliRunner().invoke(app, ["learn", *command, *kafka])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def the_log_can_be_printed(settings: Settings, shoppers: Crowd) -> None:
    """`learn examples` prints each list once, with all that came of it."""
    printed = learn(settings, "examples")
    clicks = {(one["list_id"], item["item_id"], "click") for one in printed for item in one["items"] if "click" in item["actions"]}
    assert (clicks, len({one["list_id"] for one in printed})) == (shoppers.clicks, len(printed))


def the_operator_goes_back(settings: Settings, shoppers: Crowd, users: list[str]) -> None:
    """`learn status` and `learn rollback`, and the workers follow."""

    def ask(*command: str) -> dict[str, Any]:
        (answer,) = learn(settings, *command, "--json")
        return answer  # type: ignore[no-any-return]

    (base,) = ask("status")["bases"]
    back = ask("rollback")
    assert back["restores"] == base["restorable"][-1]
    assert ask("rollback", "--to-base")["delta"] == {}
    (now,) = ask("status")["bases"]
    assert (now["weights"]["by"], now["weights"]["restores"]) == ("operator", base["base"])
    shoppers.version = ""

    def follows() -> bool:
        shoppers.shop(users)
        return shoppers.version == now["weights"]["version"]

    until(follows, "lists by the restored weights")
