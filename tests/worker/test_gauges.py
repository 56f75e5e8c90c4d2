"""What the metrics say of a worker's model and catalogue."""

from __future__ import annotations

from streamrec.worker.assembly import load_model
from streamrec.worker.pieces import pieces
from tests.shop import NOW, Record, settings


def listed(topic: str) -> Record:
    return Record(topic, 0, b"a", b'{"item_id": "a", "title": "mug", "price": 1, "currency": "GBP"}', NOW)


def test_without_a_model_its_labels_say_so() -> None:
    gauges = pieces(settings()).gauges
    blend = {"blend": gauges.model()["blend"], "blend_why": gauges.model()["blend_why"]}
    assert gauges.model() == {"name": "none", "revision": "", "provider": "none", "precision": "none"} | blend
    assert (gauges.pairs(), gauges.reading()) == ({}, {})


def test_the_shipped_model_has_labels_and_has_scored_no_pairs_yet() -> None:
    used = settings(scoring="bert", device="cpu")
    gauges, model = pieces(used).gauges, load_model(used)
    assert model is not None
    assert {"name", "revision", "provider", "precision", "blend", "blend_why"} == gauges.model().keys()
    assert gauges.model()["provider"] == model.provider
    assert gauges.pairs() == {}


def test_what_the_load_allows_is_told_unless_the_number_of_pairs_is_fixed() -> None:
    used = settings(scoring="bert", device="cpu")
    assert pieces(used).gauges.reading() == {}
    made = pieces(used.model_copy(update={"cross_pairs_fixed": False}))
    assert made.gauges.reading() == {"promised": 1.0} | dict.fromkeys(("wanted_per_s", "lists_per_s", "model", "maker"), 0.0)
    made.follower.apply(topic := used.topic("items"), [listed(topic)])
    made.follower.warm()
    warm = made.gauges.reading()
    assert warm["scored_per_s"] > 0, "nobody has to wait to know how fast the model is"
    assert (warm["promised"], warm["wanted_per_s"]) == (1.0, 0.0)


def test_what_was_followed_is_counted() -> None:
    made = pieces(settings())
    topic = settings().topic
    made.follower.apply(topic("items"), [listed(topic("items"))])
    made.follower.apply(topic("blend-weights"), [Record(topic("blend-weights"), 0, b"other", b"{", NOW)])
    assert made.gauges.held()["items"] == 1
    assert (made.gauges.nearest()["clusters"], made.gauges.recall()) == (0, None)
    assert made.gauges.weights() == {"refused": 1}
    assert (made.gauges.swaps(), made.gauges.awaiting()) == ({}, 0)
