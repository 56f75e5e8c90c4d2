"""`streamrec train answers`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streamrec.cli.train import app
from streamrec.errors import InputError
from streamrec.training.steps import answers


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["answers", *map(str, arguments)])


def test_figures_are_printed_and_the_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(answers, "train_answers", lambda _data, _out: {"semi_test_seen": {"p_at_1": 0.5}, "threshold": 0.7})
    done = run("--data", tmp_path, "--out", tmp_path / "ranker.json")
    assert done.exit_code == 0
    assert "semi_test_seen: p_at_1 0.5" in done.output
    assert "threshold: 0.7" in done.output


def test_a_folder_without_the_questions_is_refused(tmp_path: Path) -> None:
    assert isinstance(run("--data", tmp_path, "--out", tmp_path / "ranker.json").exception, InputError)
