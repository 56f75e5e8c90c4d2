from pathlib import Path

import pytest

from streamrec.bert.folder import SHIPPED
from streamrec.bert.model import TextModel


@pytest.fixture(scope="session")
def shipped() -> TextModel:
    return TextModel.load(device="cpu")


@pytest.fixture(scope="session")
def models() -> dict[str, TextModel]:
    """The shipped model by precision, without a cache."""
    return {precision: TextModel.load(device="cpu", precision=precision, cache_mb=0) for precision in ("fp32", "int8")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped folder that may be spoiled."""
    copy = tmp_path / "model"
    for file in SHIPPED.rglob("*"):
        if file.is_file():
            target = copy / file.relative_to(SHIPPED)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    return copy
