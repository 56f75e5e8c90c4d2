import json
from pathlib import Path
from shutil import copytree

from typer.testing import CliRunner

from streamrec.bert.folder import SHIPPED
from streamrec.cli.models import app


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
