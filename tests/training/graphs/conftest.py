from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from streamrec.bert.folder import SHIPPED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped folder that may be changed."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))
