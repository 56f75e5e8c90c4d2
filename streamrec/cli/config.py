"""`streamrec config`: the settings in force."""

from __future__ import annotations

import os
import tomllib
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from streamrec.cli.options import takes_settings, variable
from streamrec.cli.output import emit
from streamrec.settings import Settings, config_file

app = typer.Typer(no_args_is_help=True, help="The settings in force.")


@app.callback()
def config() -> None:
    """Show the settings in force and where they come from."""


@app.command()
@takes_settings()
def show(
    context: typer.Context,
    settings: Settings,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print every setting, its value, and whether a flag, the environment, the file or the default gave it."""
    in_file = tomllib.loads(config_file().read_text()) if config_file().is_file() else {}
    values = settings.model_dump(mode="json")
    rows = {name: {"value": values[name], "source": _source(name, context, in_file)} for name in Settings.model_fields}
    if as_json:
        emit(True, {"file": str(config_file()), "settings": rows}, "")
        return
    table = Table("setting", "value", "from", box=None, pad_edge=False)
    for name, row in rows.items():
        table.add_row(name, "" if row["value"] is None else str(row["value"]), row["source"])
    Console().print(table)


def _source(name: str, context: typer.Context, in_file: dict[str, Any]) -> str:
    if context.params.get(name) is not None:
        return "flag"
    environment = {known.upper() for known in os.environ}
    if variable(name) in environment:
        return variable(name)
    return str(config_file()) if name in in_file else "default"
