"""The command line, run in this process."""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
import structlog

from streamrec.cli.main import main
from streamrec.kafka import topics
from streamrec.settings import Settings, load


@dataclass(frozen=True)
class Done:
    """A command that has run."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> Any:
        """The last line of stdout, which is JSON."""
        return json.loads(self.out.splitlines()[-1])


class Cli(Protocol):
    def __call__(self, *arguments: object) -> Done: ...


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No setting from outside, and an empty current folder."""
    for name in [name for name in os.environ if name.startswith("STREAMREC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """Runs `streamrec` with the given arguments."""
    handlers, level = logging.root.handlers[:], logging.root.level

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["streamrec", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code
        else:
            code = 0
        output = capfd.readouterr()
        assert isinstance(code, int)
        return Done(code, output.out, output.err)

    yield run
    logging.root.handlers[:], logging.root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def kafka(broker: str) -> Settings:
    """Settings with a prefix of their own on the test broker, and all topics."""
    settings = load(broker=broker, prefix=f"t{secrets.token_hex(4)}.")
    topics.create(settings)
    return settings
