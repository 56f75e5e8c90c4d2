"""The contracts in `schemas/`, made from the wire types: `python -m streamrec.events.schemas [--check] [--release]`.

The listings of topics in docs and chart (`streamrec.events.listings`) are kept right along with them.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from streamrec.events.asyncapi import asyncapi
from streamrec.events.avro import avro_schema
from streamrec.events.codec import INPUTS
from streamrec.events.compatibility import avro_breaks, json_breaks
from streamrec.events.json_schema import json_schema
from streamrec.events.listings import outdated
from streamrec.events.types import WIRE_TYPES
from streamrec.version import __version__

FOLDER = Path("schemas")
RELEASED = "released"
JSON, AVRO, ASYNCAPI = ".schema.json", ".avsc", "asyncapi.json"
AGAIN = "run `python -m streamrec.events.schemas`"

FORMATS: Final[dict[str, Callable[[str], dict[str, Any]]]] = {JSON: json_schema, AVRO: avro_schema}
"""The contracts of a topic, by the ending of the file's name."""


Names = Callable[[str], bool]
"""Chooses files by their names."""


def everything(name: str) -> bool:
    """Choose all files."""
    return True


def text_of(document: Any) -> str:
    """The document as it is written to a file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def rendered() -> dict[str, str]:
    """The text of every file, by its name."""
    files = {name + end: text_of(make(name)) for end, make in FORMATS.items() for name in sorted(WIRE_TYPES)}
    return files | {ASYNCAPI: text_of(asyncapi())}


def drift(folder: Path, names: Names = everything) -> dict[str, str]:
    """The files of `folder` that are missing, differ from the types or belong to no topic, each with the difference."""
    wanted, present = rendered(), _present(folder)
    return {
        name: _difference(name, present.get(name), wanted.get(name))
        for name in sorted(wanted.keys() | present.keys())
        if names(name) and wanted.get(name) != present.get(name)
    }


def breaks(folder: Path, names: Names = everything) -> list[str]:
    """The changes since the last version in `folder`/released that break programs built on it, each with version, topic and field."""
    released = last_release(folder)
    if released is None:
        return []
    broken = []
    for path in sorted(released.iterdir()):
        name, _, end = path.name.partition(".")
        if not names(path.name):
            continue
        if name not in WIRE_TYPES:
            broken.append(f"{path}: the topic is gone")
            continue
        old = json.loads(path.read_text("utf-8"))
        changes = json_breaks(old, json_schema(name), read=name in INPUTS) if f".{end}" == JSON else avro_breaks(old, avro_schema(name))
        broken += [f"{path}: {change}" for change in changes]
    return broken


def last_release(folder: Path) -> Path | None:
    """The folder of the newest released version, if there is one."""
    versions = [path for path in (folder / RELEASED).glob("*") if path.is_dir()]
    # By number: as text, 0.10.0 would come before 0.9.0.
    return max(versions, key=lambda path: tuple(map(int, path.name.split("."))), default=None)


def write(folder: Path) -> None:
    """Write the files of `folder` as the types say, and delete those of no topic."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = rendered()
    for name, text in wanted.items():
        (folder / name).write_text(text, "utf-8")
    for name in _present(folder).keys() - wanted.keys():
        (folder / name).unlink()


def release(folder: Path) -> Path:
    """Keep the schemas of this version as released; files that were released before stay as they are."""
    target = folder / RELEASED / __version__
    target.mkdir(parents=True, exist_ok=True)
    for name, text in rendered().items():
        # What was released is a promise: it is never written again.
        if name != ASYNCAPI and not (target / name).exists():
            (target / name).write_text(text, "utf-8")
    return target


def complaints(folder: Path, names: Names = everything) -> list[str]:
    """Everything that is wrong with the contracts in `folder`, in a line or a few each."""
    changed = [f"{folder / name} is not as the wire types say; {AGAIN}\n{text}" for name, text in drift(folder, names).items()]
    return changed + [f"not compatible with {change}" for change in breaks(folder, names)]


def main(arguments: list[str] | None = None) -> int:
    """Write the contracts; with `--check` print what differs from the types or breaks the last release instead, and return 1."""
    parser = argparse.ArgumentParser(prog="python -m streamrec.events.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file differs from the types")
    parser.add_argument("--release", action="store_true", help=f"also keep them in {RELEASED}/{__version__}, to be compatible with")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the schemas lie (default: schemas)")
    options = parser.parse_args(arguments)
    root = options.folder.resolve().parent
    if options.check:
        said = complaints(options.folder) + [f"{path} does not list the topics as they are; {AGAIN}" for path in outdated(root)]
        print("\n".join(said), file=sys.stderr, end="\n" if said else "")
        return 1 if said else 0
    write(options.folder)
    for path, text in outdated(root).items():
        path.write_text(text, "utf-8")
    if options.release:
        release(options.folder)
    return 0


def _present(folder: Path) -> dict[str, str]:
    paths = [*folder.glob(f"*{JSON}"), *folder.glob(f"*{AVRO}"), *folder.glob(ASYNCAPI)]
    return {path.name: path.read_text("utf-8") for path in paths}


def _difference(name: str, before: str | None, after: str | None) -> str:
    if before is None or after is None:
        return "  the file is missing" if before is None else "  there is no such topic"
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name, "the types", lineterm="", n=1)
    return "\n".join(f"  {line}" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
