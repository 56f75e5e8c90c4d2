"""A narrow graph scores pairs only where it is like fp32 on what serves; the model says which precision runs, and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from streamrec.bert import session
from streamrec.bert.folder import CROSS_ENCODER, ENCODER, REFERENCE, ModelFolder, seal
from streamrec.bert.model import TextModel
from streamrec.bert.reference import ITEMS, USERS, Reference, reference
from streamrec.bert.runtime import PROBE, Arrays, Device, Session
from streamrec.bert.session import OnnxSession
from streamrec.bert.tokens import Tokeniser
from streamrec.errors import ModelError, ModelMissing


def own_reference(folder: Path, change: Callable[[list[float]], list[float]] = lambda scores: scores) -> None:
    """Give the folder a reference of its own, with other scores."""
    there = ModelFolder.load(folder)
    found = reference(there, Tokeniser(folder / "tokenizer.json"), OnnxSession)
    Reference(found.users, found.items, change(found.scores)).save(folder)
    seal(folder)


def narrow(folder: Path) -> Path:
    return folder / "onnx" / "cross_encoder.int8.onnx"


def test_the_shipped_model_is_served_in_int8_on_this_processor(shipped: TextModel) -> None:
    assert (shipped.precision, shipped.precision_advice) == ("int8", "")
    assert "like fp32 on this processor" in shipped.precision_why
    assert float(shipped.precision_why.split()[0]) > 0.999


@pytest.mark.parametrize("clipped", [True, False])
def test_it_is_said_when_a_processor_multiplies_u8_by_u8(monkeypatch: pytest.MonkeyPatch, clipped: bool) -> None:
    monkeypatch.setattr(session, "clips", lambda: clipped)
    assert ("u8 x u8" in TextModel.load(device="cpu").precision_why) is clipped


def test_a_folder_whose_int8_is_unlike_is_served_in_fp32(folder: Path) -> None:
    own_reference(folder, lambda scores: scores[::-1])
    model = TextModel.load(folder, "cpu")
    assert model.precision == "fp32"
    assert "int8 is only" in model.precision_why
    assert "precision=fp32" in model.precision_advice
    tokens = model.tokenize(["RED MUG", "BLUE POT"], 24)
    wide = TextModel.load(folder, "cpu", precision="fp32")
    pair = (tokens, tokens, np.array([1, 0]))
    np.testing.assert_array_equal(model.score(*pair), wide.score(*pair))


def test_int8_that_was_set_is_served_with_a_warning_where_it_is_unlike(folder: Path) -> None:
    own_reference(folder, lambda scores: scores[::-1])
    model = TextModel.load(folder, "cpu", precision="int8")
    assert model.precision == "int8"
    assert model.precision_why.startswith("set, though only ")
    assert "precision=auto" in model.precision_advice


def test_scores_that_are_all_the_same_prove_nothing(folder: Path) -> None:
    own_reference(folder, lambda scores: [1.0] * len(scores))
    assert TextModel.load(folder, "cpu").precision == "fp32"


def test_fp32_that_was_set_is_not_compared_with_anything(folder: Path) -> None:
    (folder / REFERENCE).write_text("nothing")
    seal(folder)
    model = TextModel.load(folder, "cpu", precision="fp32")
    assert (model.precision, model.precision_why, model.precision_advice) == ("fp32", "set", "")


def test_a_folder_without_int8_says_so(folder: Path) -> None:
    narrow(folder).unlink()
    seal(folder)
    model = TextModel.load(folder, "cpu")
    assert (model.precision, model.precision_why) == ("fp32", "the folder has no int8 graph")
    with pytest.raises(ModelMissing, match="no int8 graph"):
        TextModel.load(folder, "cpu", precision="int8")


def test_a_folder_whose_maker_dropped_int8_says_how_unlike_it_was(folder: Path) -> None:
    narrow(folder).unlink()
    config = json.loads((folder / "config.json").read_text())
    config["streamrec"]["dropped"] = {"onnx/cross_encoder.int8.onnx": 0.8537}
    (folder / "config.json").write_text(json.dumps(config))
    seal(folder)
    assert "it was 0.8537 like fp32 where it was made" in TextModel.load(folder, "cpu").precision_why


def test_a_folder_without_pairs_of_its_own_is_judged_by_texts_of_a_shop() -> None:
    there = ModelFolder.load()
    found = reference(there, Tokeniser(there.path / "tokenizer.json"), OnnxSession)
    assert len(found.users) == len(found.items) == len(found.scores) == len(USERS) * len(ITEMS)
    assert np.std(found.scores) > 0.1


def test_a_folder_with_pairs_of_its_own_is_judged_without_its_fp32_graph(folder: Path) -> None:
    own_reference(folder)
    loaded = []

    def load(path: Path, device: Device = "auto", threads: int = 1, probe: Arrays = PROBE) -> Session:
        loaded.append(path)
        return OnnxSession(path, device, threads, probe)

    assert TextModel.load(folder, "cpu", runtime=load).precision == "int8"
    assert loaded == [narrow(folder), folder / ENCODER]


@pytest.mark.parametrize(
    "content",
    [
        "nothing",
        "[]",
        "{}",
        '{"users": [[9]], "items": [[9]], "scores": [1]}',
        '{"users": [], "items": [], "scores": []}',
        '{"users": [[9], [10]], "items": [[9]], "scores": [1, 2]}',
        '{"users": [[9], [10]], "items": [[9], [9]], "scores": [1, 1e999]}',
        '{"users": [[9], [10]], "items": [[9], [9]], "scores": [1, null]}',
        '{"users": [[9], [0]], "items": [[9], [9]], "scores": [1, 2]}',
        '{"users": [[9], [-5]], "items": [[9], [9]], "scores": [1, 2]}',
        '{"users": [[9], [4294967296]], "items": [[9], [9]], "scores": [1, 2]}',
        '{"users": [[9], [1000000]], "items": [[9], [9]], "scores": [1, 2]}',
        json.dumps({"users": [[9] * 2000] * 2, "items": [[9], [9]], "scores": [1, 2]}),
    ],
)
def test_a_reference_that_is_none_refuses_the_folder(folder: Path, content: str) -> None:
    (folder / REFERENCE).write_text(content)
    seal(folder)
    with pytest.raises(ModelError, match="export the model anew"):
        TextModel.load(folder, "cpu")


class Card(OnnxSession):
    """A session that says it is on a card, computed by the CPU; it counts what was loaded."""

    loaded: ClassVar[list[str]] = []

    def __init__(self, path: Path, device: Device = "auto", threads: int = 1, probe: Arrays = PROBE) -> None:
        super().__init__(path, "cpu", threads, probe)
        self.device = "cpu" if device == "cpu" else "cuda"
        Card.loaded.append(f"{path.name} {self.device}")


class LostCard(Card):
    """A card whose half precision returns what the first row has."""

    def run(self, feeds: Arrays) -> NDArray[np.float32]:
        output = super().run(feeds)
        return output[:1].repeat(len(output), axis=0) if self.device == "cuda" and len(output) > 1 else output


def test_on_a_card_half_precision_serves_where_it_ranks_there_as_fp32_does() -> None:
    Card.loaded.clear()
    model = TextModel.load(device="cuda", runtime=Card)
    assert (model.precision, model.precision_advice) == ("fp16", "")
    assert "like fp32 on this card" in model.precision_why
    assert Card.loaded == ["cross_encoder.fp16.onnx cuda", "cross_encoder.onnx cpu", "encoder.onnx cuda"]


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_on_a_card_where_half_precision_ranks_otherwise_fp32_serves(device: Device) -> None:
    model = TextModel.load(device=device, runtime=LostCard)
    assert model.precision == "fp32"
    assert "fp16 is only 0.0000 like fp32 on this card" in model.precision_why
    assert "precision=fp32" in model.precision_advice


def test_half_precision_that_was_set_is_served_with_a_warning_where_it_ranks_otherwise() -> None:
    model = TextModel.load(device="cuda", precision="fp16", runtime=LostCard)
    assert model.precision == "fp16"
    assert "precision=auto" in model.precision_advice


def test_a_cpu_never_takes_half_precision_by_itself() -> None:
    Card.loaded.clear()
    assert TextModel.load(device="cpu", runtime=Card).precision == "int8"
    assert not [name for name in Card.loaded if "fp16" in name]


def test_the_reference_is_scored_by_the_fp32_graph(folder: Path) -> None:
    there = ModelFolder.load(folder)
    tokenise = Tokeniser(folder / "tokenizer.json")
    users, items = tokenise(USERS, 40), tokenise(ITEMS, 24)
    wide = TextModel.load(folder, "cpu", precision="fp32", cache_mb=0)
    found = Reference.of(users, items, folder / CROSS_ENCODER, OnnxSession)
    np.testing.assert_allclose(found.scores, wide.score(users, items, np.arange(len(users))), atol=1e-4)
    assert there.limits.dropped == {}
