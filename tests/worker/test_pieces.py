"""What a worker says of its model when it starts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from streamrec.bert.folder import SHIPPED, seal
from streamrec.bert.reference import Reference
from streamrec.worker.pieces import pieces
from tests.shop import settings


def said(caplog: pytest.LogCaptureFixture, model: Path | None = None) -> tuple[str, str]:
    """Level and text of the line about the model that a worker logs."""
    with caplog.at_level("INFO"):
        pieces(settings(model=model, device="cpu", scoring="bert"))
    (line,) = [record for record in caplog.records if record.message.startswith("the model ")]
    return line.levelname, line.message


def test_a_worker_logs_which_precision_runs_and_why(caplog: pytest.LogCaptureFixture) -> None:
    level, line = said(caplog)
    assert level == "INFO"
    assert "runs on CPUExecutionProvider, pairs in int8 (" in line
    assert "like fp32 on this processor" in line


def test_a_worker_warns_where_int8_is_unlike_and_says_what_to_do(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    folder = tmp_path / "unlike"
    shutil.copytree(SHIPPED, folder)
    Reference([[9, 10], [11], [12, 13]], [[14], [15], [16]], [1.0, 1.0, 1.0]).save(folder)
    seal(folder)
    level, line = said(caplog, folder)
    assert level == "WARNING"
    assert "pairs in fp32 (int8 is only " in line
    assert "export the model anew" in line
