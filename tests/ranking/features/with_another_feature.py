"""Run by test_another_feature.py in a process of its own: declarations are changed here before anything follows from them."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from streamrec.ranking.features import links
from streamrec.ranking.features.about import has_history
from streamrec.ranking.features.declaration import Feature
from streamrec.system.compiled import jit

CHANGE = sys.argv[1]
"""The scope of a feature that is new, or "changed" for one that has come to mean something else."""
ANOTHER = "another"
LATER = 1000
"""A version of the features that no release has reached."""
RELEASED = "83b7de9d"
"""Names the features before the change."""


@jit
def logarithm(log_price: float) -> float:
    return log_price


if CHANGE == "changed":
    links.FEATURES = (replace(links.FEATURES[0], since=LATER), *links.FEATURES[1:])
else:
    new = Feature(
        name=ANOTHER, scope=CHANGE, unit="log", reads=("log_price",), formula=logarithm, reason="of_tomorrow", fact=has_history, since=LATER
    )  # type: ignore[arg-type]
    links.FEATURES = (links.FEATURES[0], new, *links.FEATURES[1:])

from streamrec.bert.blends import load_blend  # noqa: E402
from streamrec.bert.folder import ModelFolder  # noqa: E402
from streamrec.errors import BlendMismatch  # noqa: E402
from streamrec.learning.examples import Example, ExampleItem, decode_example, encode_example  # noqa: E402
from streamrec.learning.slates import Slate, decode_slate, encode_slate  # noqa: E402
from streamrec.learning.trainer import Trainer  # noqa: E402
from streamrec.learning.weights import (  # noqa: E402
    Head,
    LearnerState,
    Served,
    Weights,
    decode_state,
    decode_weights,
    encode_record,
    require_sound,
)
from streamrec.ranking.features.schema import FEATURES, POSITION, SCHEMA  # noqa: E402
from streamrec.ranking.ranker import Ranker  # noqa: E402
from tests.learning.shoppers import BASE, Shoppers  # noqa: E402
from tests.ranking.features.seeded_shop import GOLDEN, REPEATS, facts  # noqa: E402
from tests.shop import NOW, catalogue, item, settings  # noqa: E402

KEPT = dict(np.load(GOLDEN))
NAMES: list[str] = KEPT["names"].tolist()
VECTOR = [1.0 + number for number in range(len(NAMES))]
SLATE = Slate("l", "u", NOW, NOW, "default", "v", BASE, "", RELEASED, ["a"], [1.0], [0.0], np.array(VECTOR, "<f2").tobytes())
EXAMPLE = Example("l", "u", NOW, "default", "v", BASE, "", RELEASED, [ExampleItem("a", 1.0, 0.0, VECTOR, {"click": 1})], [(0, "click")])
STATE = LearnerState(
    BASE, RELEASED, 3, [*VECTOR, 0.5], Served("v", [*VECTOR, 0.5]), [], [], 0, 0, 0, {}, {"click": Head([*VECTOR, 0.5], 1.0)}
)
WEIGHTS = Weights("v", BASE, RELEASED, {"covisits": 0.5}, NOW)


def lists_stay() -> None:
    now, columns = facts(), [POSITION[name] for name in NAMES]
    for repeats in REPEATS:
        for fact in ("slots", "sources"):
            assert (now[f"{fact}_{repeats}"] == KEPT[f"{fact}_{repeats}"]).all(), fact
        assert np.allclose(now[f"scores_{repeats}"], KEPT[f"scores_{repeats}"], atol=1e-5, equal_nan=True)
        added = now[f"contributions_{repeats}"]
        assert np.allclose(added[:, :, columns], KEPT[f"contributions_{repeats}"], atol=1e-5)
        assert not added[:, :, POSITION[ANOTHER]].any()
    assert now["raw"][:, :, POSITION[ANOTHER]].all()


def its_weight_is_learned() -> None:
    shop = Shoppers({"similarity": 0.5}, {"similarity": 0.5, ANOTHER: 2.0})
    trainer = Trainer(settings(), BASE)
    for number in range(6):
        for offset in range(80):
            trainer.take(shop.example({}), 0, 80 * number + offset)
        trainer.judge(NOW + 60_000 * number, {0: 80 * (number + 1)})
    assert np.argmax(np.abs(trainer.theta[:-1])) == POSITION[ANOTHER], trainer.theta
    ranker = Ranker(catalogue(item("a")), settings(), load_blend(ModelFolder.load(), "allow", "off"))
    ranker.adjust({ANOTHER: 0.25}, "v")
    assert ranker.blend.linear()[POSITION[ANOTHER]] == (0.0 if CHANGE == "user" else 0.25)


def earlier_records_are_read_on() -> None:
    expected = dict(zip(NAMES, VECTOR, strict=True))
    carried = [expected.get(name, 0.0) for name in FEATURES]
    slate, example = decode_slate(encode_slate(SLATE)), decode_example(encode_example(EXAMPLE))
    assert (slate.schema, slate.matrix().tolist()) == (SCHEMA, [carried])
    assert (example.schema, example.items[0].features) == (SCHEMA, carried)
    state = decode_state(encode_record(STATE))
    require_sound(state, len(FEATURES), 1e9)
    assert (state.schema, state.theta, state.heads["click"].theta) == (SCHEMA, [*carried, 0.5], [*carried, 0.5])
    short = decode_state(encode_record(replace_theta([1.0])))
    assert short.schema == RELEASED
    assert decode_weights(encode_record(WEIGHTS)) == Weights("v", BASE, SCHEMA, {"covisits": 0.5}, NOW)


def replace_theta(theta: list[float]) -> LearnerState:
    return LearnerState(BASE, RELEASED, 3, theta, STATE.served, [], [], 0, 0, 0, {})


def all_that_knew_the_former_meaning_is_refused() -> None:
    with pytest.raises(BlendMismatch, match=r"version 3 .* version 1000 \(different: covisits\)"):
        load_blend(ModelFolder.load(), "allow", "bert")
    assert decode_slate(encode_slate(SLATE)).schema == RELEASED
    assert decode_example(encode_example(EXAMPLE)).schema == RELEASED
    assert decode_state(encode_record(STATE)).schema == RELEASED
    assert decode_weights(encode_record(WEIGHTS)).schema == RELEASED
    trainer = Trainer(settings(), BASE)
    trainer.take(EXAMPLE, 0, 0)
    assert trainer.counts == {"other_schema": 1}


if CHANGE == "changed":
    all_that_knew_the_former_meaning_is_refused()
else:
    lists_stay()
    if CHANGE != "user":
        its_weight_is_learned()
    earlier_records_are_read_on()
