import json
from pathlib import Path
from shutil import copytree

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
