"""`streamrec models`: model folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from streamrec.bert.folder import DIGESTS, SHIPPED, digest
from streamrec.bert.folder import verify as verify_folder

app = typer.Typer(no_args_is_help=True, help="Look after model folders.")


@app.callback()
def models() -> None:
    """Look after model folders."""


@app.command()
def verify(
    folder: Annotated[Path | None, typer.Argument(help="Model folder; the one in the package when left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the states as one JSON object.")] = False,
) -> None:
    """Compare every file of a model folder with its published SHA-256 digest; exits with 1 when one differs."""
    path = SHIPPED if folder is None else folder
    states = verify_folder(path)
    sound = all(state == "ok" for state in states.values())
    if as_json:
        typer.echo(msgspec.json.encode({"sound": sound, "revision": digest(path / DIGESTS)[:12], "files": states}).decode())
    else:
        for name, state in states.items():
            typer.echo(f"{state:<12}{name}")
    if not sound:
        raise typer.Exit(1)
