"""Folders of languages: each file is one, named by its ISO 639 code."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from streamrec.errors import StreamrecError


def languages_of(folder: Path) -> tuple[str, ...]:
    """The codes of the languages that have a file there."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def read_language(folder: Path, language: str, known: Sequence[str], holds: str) -> dict[str, Any]:
    """The tables of a language's file, which `holds` such things.

    Raises:
        StreamrecError: it is none of the `known` ones.
    """
    if language not in known:
        raise StreamrecError(f"there are no {holds} in the language {language!r}; choose one of {', '.join(known)}")
    return tomllib.loads((folder / f"{language}.toml").read_text("utf-8"))
