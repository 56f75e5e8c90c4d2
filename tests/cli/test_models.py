import json
from pathlib import Path
from shutil import copytree

import pytest
from typer.testing import CliRunner

from streamrec.bert.blends import file_name
from streamrec.bert.folder import SHIPPED, seal
from streamrec.cli.models import app
from streamrec.errors import ModelError


def test_verify_says_that_the_shipped_model_is_sound() -> None:
    result = CliRunner().invoke(app, ["verify", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["sound"] is True


def test_verify_names_the_changed_file_and_fails(tmp_path: Path) -> None:
    copytree(SHIPPED, tmp_path / "model")
    (tmp_path / "model" / "vocab.txt").write_text("x")
    result = CliRunner().invoke(app, ["verify", str(tmp_path / "model")])
    assert result.exit_code == 1
    assert [line.split()[1] for line in result.stdout.splitlines() if line.startswith("changed")] == ["vocab.txt"]


def test_verify_names_what_keeps_a_sealed_folder_from_serving(tmp_path: Path) -> None:
    folder = copytree(SHIPPED, tmp_path / "model")
    (folder / file_name("allow", "off")).write_bytes(b"no graph")
    seal(folder)
    result = CliRunner().invoke(app, ["verify", str(folder)])
    assert result.exit_code == 1
    (said,) = [line for line in result.stdout.splitlines() if line.startswith("cannot serve: ")]
    assert "blend-allow-off.onnx is no blend" in said
    assert "`streamrec train blend`" in said
    found = json.loads(CliRunner().invoke(app, ["verify", str(folder), "--json"]).stdout)
    assert (found["sound"], set(found["files"].values()), len(found["faults"])) == (False, {"ok"}, 1)


def test_what_cannot_serve_is_not_published(tmp_path: Path) -> None:
    folder = copytree(SHIPPED, tmp_path / "model")
    (folder / file_name("allow", "off")).write_bytes(b"no graph")
    seal(folder)
    result = CliRunner().invoke(app, ["publish", str(folder), "--broker", "127.0.0.1:1"])
    assert isinstance(result.exception, ModelError)
    assert "blend-allow-off.onnx" in str(result.exception)


def test_multilingual_says_what_it_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx")
    from streamrec.training.steps import multilingual
    from tests.training.small_sentences import package

    def make(out: Path, wheel: Path | None) -> None:
        package(tmp_path / "package")
        multilingual.write_folder(tmp_path / "package", out)
        seal(out)

    monkeypatch.setattr(multilingual, "make_multilingual", make)
    folder = tmp_path / "many"
    result = CliRunner().invoke(app, ["multilingual", "--out", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["name"], found["path"], found["dim"]) == ("use-multilingual", str(folder), 7)
    assert "32 MB" in result.stderr
    assert CliRunner().invoke(app, ["verify", str(folder)]).exit_code == 0
