"""Flags that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from streamrec.cli.support.blocks import spread


@dataclass(frozen=True, kw_only=True)
class Pace:
    steps: Annotated[int, typer.Option(help="How many.", min=1)]
    rate: Annotated[float, typer.Option(help="How fast.")] = 0.5


@dataclass(frozen=True, kw_only=True)
class Gentle(Pace):
    steps: Annotated[int, typer.Option(help="How few.", min=0)]


app = typer.Typer()


@app.command()
@spread
def given(name: str, pace: Pace, loud: bool = False) -> None:
    """Needs its steps."""
    typer.echo(f"{name} {pace} {loud}")


@app.command()
@spread
def usual(pace: Gentle = Gentle(steps=7, rate=0.25)) -> None:
    """Has them."""
    typer.echo(str(pace))


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output


def test_a_dataclass_in_a_signature_becomes_a_flag_for_each_of_its_fields() -> None:
    assert run("given", "ann", "--steps", "3", "--loud") == (0, "ann Pace(steps=3, rate=0.5) True\n")
    assert run("given", "ann", "--steps", "3", "--rate", "2") == (0, "ann Pace(steps=3, rate=2.0) False\n")


def test_a_field_without_a_default_must_be_given() -> None:
    code, output = run("given", "ann")
    assert code == 2
    assert "--steps" in output


def test_an_instance_as_default_holds_the_defaults_of_the_flags() -> None:
    assert run("usual") == (0, "Gentle(steps=7, rate=0.25)\n")
    assert run("usual", "--steps", "0") == (0, "Gentle(steps=0, rate=0.25)\n")


def test_help_and_bounds_are_those_of_the_field_of_that_very_class() -> None:
    assert run("given", "ann", "--steps", "0")[0] == 2
    assert "How few." in run("usual", "--help")[1]
    assert "How many." in run("given", "--help")[1]
