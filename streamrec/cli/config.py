"""`streamrec config`: the settings in force."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from streamrec.cli.support.options import takes_settings, variable
from streamrec.cli.support.output import emit
from streamrec.settings import Settings, config_file, from_environment, in_file
from streamrec.system.printing import printable

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
    written, values = in_file(), settings.model_dump(mode="json")
    rows = {name: {"value": values[name], "source": _source(name, context, written)} for name in Settings.model_fields}
    texts = [("setting", "value", "from")]
    texts += [(name, "" if row["value"] is None else printable(str(row["value"])), printable(row["source"])) for name, row in rows.items()]
    widths = [max(len(text[column]) for text in texts) for column in (0, 1)]
    lines = [f"{name:{widths[0]}}  {value:{widths[1]}}  {source}" for name, value, source in texts]
    emit(as_json, {"file": str(config_file()), "settings": rows}, "\n".join(lines))


def _source(name: str, context: typer.Context, written: dict[str, Any]) -> str:
    if context.params.get(name) is not None:
        return "flag"
    if variable(name) in map(str.upper, from_environment()):
        return variable(name)
    return str(config_file()) if name in written else "default"
