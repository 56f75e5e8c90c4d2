"""The command `streamrec evaluate`, run in this process."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from streamrec.cli.main import app


@pytest.fixture
def evaluate() -> Callable[..., Result]:
    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, ["evaluate", *arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run
