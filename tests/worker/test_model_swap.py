from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from streamrec.bert.folder import DIGESTS, digest
from streamrec.catalogue.catalogue import Catalogue
from streamrec.contract.records import Inbound
from streamrec.errors import ModelMissing
from streamrec.events.models import SLOT, PublishedModel, ServedModel, encode_model, published
from streamrec.events.types import Trigger
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import Blend
from streamrec.settings import Settings
from streamrec.state.apply import apply
from streamrec.state.user import UserRow
from streamrec.worker import model_swap as swap_module
from streamrec.worker.list_maker import ListMaker, Request
from streamrec.worker.model_swap import ModelSwap
from tests.patience import PATIENCE_S
from tests.shop import NOW, Record, WordModel, catalogue, item, settings, view

TOPIC = "streamrec.models"


class Other(WordModel):
    """A model with vectors and tokens of other sizes, named by its folder, that knows nothing but the number of words."""

    dim, max_item_tokens, max_user_tokens = 32, 5, 9
    precision_why, precision_advice = "int8 is unlike", "export it anew"

    def __init__(self, revision: str) -> None:
        super().__init__()
        self.revision = revision
        self.closed = threading.Event()

    def score(self, users: Any, items: Any, user_of_pair: Any, patience_s: float | None = None) -> Any:
        assert items.shape[1] == self.max_item_tokens
        return (items > 0).sum(axis=1).astype(np.float32)

    def encode(self, tokens: Any) -> Any:
        if len(tokens):
            self.encoded_by = threading.current_thread().name
        return super().encode(tokens)

    def close(self) -> None:
        self.closed.set()


class Bench:
    """A shop with a serving model, and folders that can be published."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.own = WordModel()
        self.shop = catalogue(*(item(f"i{number}", f"red thing{number}") for number in range(8)), model=self.own)
        self.settings = settings(scoring="bert")
        self.swap = ModelSwap(self.settings, self.shop, self.load)
        self.maker = ListMaker(self.shop, Ranker(self.shop, self.settings), clock_ms=None)
        self.gate = threading.Event()
        self.gate.set()
        self.loaded: list[Other] = []
        self.now: PublishedModel | None = None

    def load(self, wanted: Settings) -> WordModel:
        assert self.gate.wait(PATIENCE_S)
        if wanted.model is None:
            return WordModel()
        if (wanted.model / "broken").exists():
            raise ModelMissing("no graph")
        self.loaded.append(Other(digest(wanted.model / DIGESTS)[:12]))
        return self.loaded[-1]

    def make(self, name: str) -> PublishedModel:
        path = self.folder / name
        path.mkdir()
        (path / DIGESTS).write_text(f'{{"{name}": ""}}')
        self.now = published(ServedModel(name, digest(path / DIGESTS), str(path), NOW), self.now)
        return self.now

    def tell(self, model: PublishedModel | None) -> None:
        value = encode_model(model) if model is not None else None
        record: Inbound = Record(TOPIC, 0, SLOT, value, NOW, 0)
        self.swap.apply(TOPIC, [record])
        self.swap.between()

    def list_of(self, row: UserRow) -> Any:
        trigger = Trigger(topic="streamrec.views", partition=0, offset=1, event_id="e", ts=NOW)
        return self.maker.make([Request("u", row, trigger, [("streamrec.views", 0, 1)])]).lists[0]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_published_model_serves_from_the_next_batch_on_with_every_item_read_by_it(bench: Bench) -> None:
    row = UserRow()
    apply(row, view("u", "i3"))
    before = bench.list_of(row)
    wanted = bench.make("new")
    bench.tell(wanted)
    bench.swap.settle()
    after = bench.list_of(row)
    assert (before.model.revision, after.model.revision) == ("1", wanted.revision)
    assert bench.swap.counts == {"taken": 1}
    fresh = catalogue(*(item(f"i{number}", f"red thing{number}") for number in range(8)), model=Other("x"))
    np.testing.assert_array_equal(bench.shop.items.tokens, fresh.items.tokens)
    np.testing.assert_array_equal(bench.shop.items.vectors, fresh.items.vectors)


def test_a_model_that_takes_over_says_in_which_precision_it_runs_and_why(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        bench.tell(bench.make("new"))
        bench.swap.settle()
    (line,) = [record for record in caplog.records if "serves from here on" in record.message]
    assert (line.levelname, line.message.split(", on ")[1]) == ("WARNING", "none, pairs in fp32 (int8 is unlike; export it anew)")


def test_what_belongs_to_a_model_takes_over_with_it_and_not_before(bench: Bench) -> None:
    bench.gate.clear()
    ranker = Ranker(bench.shop, bench.settings)
    read: list[str] = []

    def prepare(chosen: Settings) -> Callable[[], None]:
        assert chosen.model is not None
        read.append(chosen.model.name)
        return lambda: ranker.rebase(replace(Blend.plain(), version=f"of {chosen.model}"))

    bench.swap = ModelSwap(bench.settings, bench.shop, bench.load, prepare)
    ranker.adjust({"covisits": 9.0}, "learned")
    bench.tell(bench.make("new"))
    assert ranker.blend.version == "learned"
    bench.gate.set()
    bench.swap.settle()
    assert read == ["new"]
    assert ranker.blend.version == f"of {bench.folder / 'new'}"
    assert ranker.blend.weights == Blend.plain().weights


def test_lists_go_on_by_the_former_model_alone_while_the_next_one_loads(bench: Bench) -> None:
    bench.gate.clear()
    bench.tell(bench.make("slow"))
    bench.swap.between()
    assert bench.list_of(UserRow()).model.revision == "1"
    bench.gate.set()
    bench.swap.settle()
    assert bench.list_of(UserRow()).model.revision != "1"


@pytest.mark.parametrize("stragglers", [0, 100])
def test_items_that_come_or_change_while_a_model_loads_are_read_by_it_too(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, stragglers: int
) -> None:
    monkeypatch.setattr(swap_module, "STRAGGLERS", stragglers)
    bench.gate.clear()
    bench.tell(bench.make("slow"))
    bench.shop.put_items([item("late", "blue late thing"), item("i3", "green thing")])
    bench.gate.set()
    bench.swap.settle()
    model = bench.loaded[-1]
    assert model.encoded_by.startswith("model-swap") == (stragglers == 0)
    for item_id, text in (("late", "blue late thing"), ("i3", "green thing"), ("i4", "red thing4")):
        slot = bench.shop.items.slots[item_id]
        tokens = model.tokenize([text], model.max_item_tokens)
        np.testing.assert_array_equal(bench.shop.items.tokens[[slot]], tokens)
        np.testing.assert_array_equal(bench.shop.items.vectors[[slot]], model.encode(tokens))


def test_of_two_models_published_in_a_row_the_last_one_serves_and_the_other_is_put_away(bench: Bench) -> None:
    bench.gate.clear()
    bench.tell(bench.make("first"))
    last = bench.make("second")
    bench.tell(last)
    bench.gate.set()
    bench.swap.settle()
    assert bench.list_of(UserRow()).model.revision == last.revision
    assert bench.swap.counts == {"taken": 1}
    assert bench.loaded[0].closed.wait(PATIENCE_S)
    assert not bench.loaded[1].closed.is_set()


@pytest.mark.parametrize("fault", ["missing", "changed", "broken"])
def test_a_model_that_is_not_what_was_published_leaves_the_former_one_serving(
    bench: Bench, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    good = bench.make("good")
    bench.tell(good)
    bench.swap.settle()
    bad = bench.make("bad")
    if fault == "missing":
        (Path(bad.path) / DIGESTS).unlink()
    elif fault == "changed":
        (Path(bad.path) / DIGESTS).write_text("{}")
    else:
        (Path(bad.path) / "broken").touch()
    bench.tell(bad)
    bench.swap.settle()
    assert bench.list_of(UserRow()).model.revision == good.revision
    assert bench.swap.counts == {"taken": 1, "refused": 1}
    assert "refused" in caplog.text


def test_a_worker_that_starts_on_a_bad_model_serves_the_one_published_before_it(bench: Bench) -> None:
    good, bad = bench.make("good"), bench.make("bad")
    (Path(bad.path) / "broken").touch()
    bench.tell(bad)
    bench.swap.settle()
    assert bench.list_of(UserRow()).model.revision == good.revision


def test_a_tombstone_brings_back_the_model_of_the_settings(bench: Bench) -> None:
    bench.tell(bench.make("new"))
    bench.swap.settle()
    bench.tell(None)
    bench.swap.settle()
    assert bench.list_of(UserRow()).model.revision == "1"
    assert bench.shop.items.vectors.shape[1] == WordModel.dim


def test_pairs_are_counted_on_over_a_swap(bench: Bench) -> None:
    bench.own.counts["scored"] = 7
    bench.tell(bench.make("new"))
    bench.swap.settle()
    assert bench.shop.model is not None
    assert bench.shop.model.counts["scored"] == 7


def test_what_is_no_published_model_is_passed_over_and_counted(bench: Bench) -> None:
    bench.swap.apply(TOPIC, [Record(TOPIC, 0, SLOT, b"?", NOW, 0), Record(TOPIC, 1, b"other", b"{}", NOW, 0)])
    bench.swap.settle()
    assert bench.swap.counts == {"refused": 1}
    assert bench.list_of(UserRow()).model.revision == "1"


def test_where_no_model_serves_nobody_listens_to_the_topic() -> None:
    assert ModelSwap(settings(), Catalogue(), lambda wanted: None).topics() == []
