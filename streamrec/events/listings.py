"""Listings outside the package that follow from the table of topics: rows of `docs/topics.md`, and what the Helm chart scales by."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from streamrec.events.topics import ITEM_SOURCES, TOPICS, USER_SOURCES

_TABLE = re.compile(r"(?<=\| --- \| --- \| --- \| --- \| --- \|\n)(\|.*\n)+")
_SCALED = re.compile(r"(?<=\{\{- \$topics := list )[^}]*(?= \}\})")


def with_table(page: str) -> str:
    """The page with the rows of its table as the topics are."""
    # In the order of the table: what others write comes first.
    rows = [f"| `{name}` | {topic.key} | {topic.cleanup} | {topic.written_by} | {topic.holds} |\n" for name, topic in TOPICS.items()]
    # A function, since a replacement text would have its backslashes and groups read.
    return _TABLE.sub(lambda _: "".join(rows), page, count=1)


def with_sources(template: str) -> str:
    """The template, scaling by the lag of every topic that the workers read as a group."""
    return _SCALED.sub(" ".join(f'"{name}"' for name in (*USER_SOURCES, *ITEM_SOURCES)), template, count=1)


LISTINGS: Final[dict[str, Callable[[str], str]]] = {
    "docs/topics.md": with_table,
    "deploy/helm/streamrec/templates/scaledobject.yaml": with_sources,
}
"""By path from the root of the repository: what makes the file's text right."""


def outdated(root: Path) -> dict[Path, str]:
    """The files below `root` whose listings differ from the table of topics, with the text that they should have.

    Files that are absent, as outside a clone, are passed over.
    """
    right = {root / name: correct(text) for name, correct in LISTINGS.items() if (text := _text(root / name)) is not None}
    return {path: text for path, text in right.items() if path.read_text("utf-8") != text}


def _text(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None
