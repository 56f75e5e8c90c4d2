"""A folder that is called fit can be served, and one that cannot says what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from streamrec.bert.blends import file_name, find_blend
from streamrec.bert.fitness import faults
from streamrec.bert.folder import ENCODER, LATE_SCORER, SHIPPED, ModelFolder, seal
from streamrec.errors import BlendMismatch, ModelError
from streamrec.settings import load
from streamrec.worker.assembly import own_choice

BLEND = file_name("allow", "bert")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped folder."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))


def test_the_shipped_folder_is_fit() -> None:
    assert faults(SHIPPED) == []


def change_a_file(folder: Path) -> None:
    (folder / "vocab.txt").write_text("x")


def lose_the_encoder(folder: Path) -> None:
    (folder / ENCODER).unlink()
    seal(folder)


def lose_the_words(folder: Path) -> None:
    (folder / "onnx/words.bin").unlink()
    seal(folder)


def lose_half_of_late(folder: Path) -> None:
    (folder / LATE_SCORER).unlink()
    seal(folder)


def spoil_the_blend(folder: Path) -> None:
    (folder / BLEND).write_bytes(b"no graph")
    seal(folder)


def another_width(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["streamrec"]["dim"] = 64
    (folder / "config.json").write_text(json.dumps(config))
    seal(folder)


@pytest.mark.parametrize(
    ("harm", "said", "step"),
    [
        (change_a_file, "vocab.txt in the model folder", "fetch the folder again"),
        (lose_the_encoder, f"has no {ENCODER}", "streamrec export"),
        (lose_the_words, "cannot load", "export the model anew"),
        (lose_half_of_late, "alone of the two graphs", "streamrec export"),
        (spoil_the_blend, "is no blend of streamrec", "streamrec train blend"),
        (another_width, "makes vectors of 128 numbers, config.json says 64", "streamrec export"),
    ],
)
def test_what_cannot_serve_is_named_with_the_next_step(folder: Path, harm: Callable[[Path], None], said: str, step: str) -> None:
    harm(folder)
    (fault,) = faults(folder)
    assert said in fault
    assert step in fault


@pytest.mark.train
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema_version": 1000}, "trained for version 1000 of the features"),
        ({"repeats": "exclude"}, "trained for repeats=exclude"),
        ({"scoring": "off"}, "scoring=off"),
        ({"text": "0123456789ab"}, "trained for the text model 0123456789ab"),
    ],
)
def test_a_blend_that_does_not_belong_to_the_folder_is_refused_by_the_check_and_by_a_worker(
    folder: Path, changes: dict[str, object], said: str
) -> None:
    pytest.importorskip("onnx")
    from tests.bert.cards import rewrite_card

    rewrite_card(folder / BLEND, **changes)
    seal(folder)
    (fault,) = faults(folder)
    assert said in fault
    assert "`streamrec train blend" in fault
    with pytest.raises(BlendMismatch, match=said):
        own_choice(load(model=folder))
    assert own_choice(load(model=folder, blend_for="never")).blend.version == "plain"


@pytest.mark.train
def test_a_blend_of_this_text_model_is_taken_and_one_without_text_asks_for_none(folder: Path) -> None:
    pytest.importorskip("onnx")
    from tests.bert.cards import rewrite_card

    rewrite_card(folder / BLEND, text=ModelFolder.load(folder).text)
    seal(folder)
    assert faults(folder) == []
    assert find_blend(ModelFolder.load(folder), "allow", "bert") is not None


def test_the_text_model_is_named_by_its_graphs_and_not_by_what_lies_beside_them(folder: Path) -> None:
    name = ModelFolder.load(folder).text
    (folder / "README.md").write_text("another card")
    seal(folder)
    assert ModelFolder.load(folder).text == name
    shutil.copyfile(folder / "README.md", folder / "onnx/words.bin")
    seal(folder)
    assert ModelFolder.load(folder).text != name


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "nowhere")
    assert "nowhere" in fault
    with pytest.raises(ModelError):
        ModelFolder.load(tmp_path / "nowhere")
