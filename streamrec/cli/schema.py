"""`streamrec schema`: the contracts of the topics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from streamrec.cli.support.output import note
from streamrec.events import schemas
from streamrec.events.asyncapi import DEAD_LETTERS, asyncapi
from streamrec.events.types import WIRE_TYPES

app = typer.Typer(no_args_is_help=True, help="Print the contracts of the topics, or check them.")

Check = Annotated[bool, typer.Option("--check", help="Print nothing; compare with the folder and the last release; exit 1 if they differ.")]
Topic = Annotated[str | None, typer.Option("--topic", help="Only this topic (without the prefix).")]
Folder = Annotated[Path, typer.Option("--folder", help="Where the files lie that are to be compared.")]


@app.command("asyncapi")
def print_asyncapi(topic: Topic = None, check: Check = False, folder: Folder = schemas.FOLDER) -> None:
    """One AsyncAPI 3.1 document of all public topics, with Kafka bindings."""
    _known(topic, [*WIRE_TYPES, DEAD_LETTERS])
    if check:
        _check(folder, topic, schemas.ASYNCAPI)
    else:
        _show(asyncapi(topic))


@app.command("json")
def print_json(topic: Topic = None, check: Check = False, folder: Folder = schemas.FOLDER) -> None:
    """The JSON Schemas (draft 2020-12): an object of all topics, or the schema of one."""
    _schemas(schemas.JSON, topic, check, folder)


@app.command("avro")
def print_avro(topic: Topic = None, check: Check = False, folder: Folder = schemas.FOLDER) -> None:
    """The Avro schemas: an object of all topics, or the schema of one."""
    _schemas(schemas.AVRO, topic, check, folder)


def _schemas(end: str, topic: str | None, check: bool, folder: Path) -> None:
    _known(topic, list(WIRE_TYPES))
    make = schemas.FORMATS[end]
    if check:
        _check(folder, topic, end)
    else:
        _show(make(topic) if topic else {name: make(name) for name in WIRE_TYPES})


def _known(topic: str | None, names: list[str]) -> None:
    if topic is not None and topic not in names:
        raise typer.BadParameter(f"there is no contract for {topic}; name one of {', '.join(names)}", param_hint="--topic")


def _check(folder: Path, topic: str | None, end: str) -> None:
    def meant(name: str) -> bool:
        return name.endswith(end) and (topic is None or end == schemas.ASYNCAPI or name == topic + end)

    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder; run this in the repository, or name its schemas", param_hint="--folder")
    said = schemas.complaints(folder, meant)
    for one in said:
        note(one)
    if said:
        raise typer.Exit(1)


def _show(document: dict[str, Any]) -> None:
    typer.echo(schemas.text_of(document), nl=False)
