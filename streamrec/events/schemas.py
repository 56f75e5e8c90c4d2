"""JSON Schemas (draft 2020-12) of the public topics, made from the wire types: `python -m streamrec.events.schemas [--check]`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from streamrec.events.times import EARLIEST_MS, RFC_3339
from streamrec.events.types import WIRE_TYPES, EventTime

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SUFFIX = ".schema.json"


def schema_hook(kind: type) -> dict[str, Any]:
    """The schema of an event time; that it may lie at most 24 hours ahead is beyond JSON Schema."""
    if kind is EventTime:
        return {
            "description": "Event time: milliseconds since the epoch (UTC) or RFC 3339 text, from 2000-01-01 to 24 hours ahead.",
            "anyOf": [{"type": "integer", "minimum": EARLIEST_MS}, {"type": "string", "pattern": RFC_3339}],
        }
    raise NotImplementedError(f"{kind.__name__} has no schema")


def json_schema(topic_name: str) -> dict[str, Any]:
    """The schema of a public topic's values."""
    kind = WIRE_TYPES[topic_name]
    (top,), parts = msgspec.json.schema_components([kind], schema_hook=schema_hook, ref_template="#/$defs/{name}")
    body: dict[str, Any] = parts.pop(top["$ref"].removeprefix("#/$defs/"))
    head = {"$schema": DIALECT, "$id": f"urn:streamrec:schema:{topic_name}"}
    return head | body | ({"$defs": parts} if parts else {})


def rendered() -> dict[str, str]:
    """Every schema file: its name and its text."""
    return {name + SUFFIX: json.dumps(json_schema(name), indent=2, ensure_ascii=False) + "\n" for name in sorted(WIRE_TYPES)}


def drift(folder: Path) -> list[str]:
    """Names of the files in `folder` that are missing, differ from what the types say, or belong to no topic."""
    wanted = rendered()
    present = {path.name: path.read_text("utf-8") for path in folder.glob(f"*{SUFFIX}")}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def write(folder: Path) -> None:
    """Make the schema files of `folder` what the types say."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = rendered()
    for name, text in wanted.items():
        (folder / name).write_text(text, "utf-8")
    for path in folder.glob(f"*{SUFFIX}"):
        if path.name not in wanted:
            path.unlink()


def main(arguments: list[str] | None = None) -> int:
    """Write the schemas, or with `--check` name the files that differ and return 1."""
    parser = argparse.ArgumentParser(prog="python -m streamrec.events.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file differs from the types")
    parser.add_argument("--folder", type=Path, default=Path("schemas"), help="where the schemas lie (default: schemas)")
    options = parser.parse_args(arguments)
    if not options.check:
        write(options.folder)
        return 0
    changed = drift(options.folder)
    for name in changed:
        print(f"{options.folder / name} is not as the wire types say; run `python -m streamrec.events.schemas`", file=sys.stderr)
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
