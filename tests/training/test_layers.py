"""The folders of the training stand on one another: data, networks, graphs, steps."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import streamrec.training

ROOM = Path(streamrec.training.__file__).parent
FLOORS = ("data", "networks", "graphs", "steps")


def imported(path: Path) -> set[str]:
    """The modules that a file names in its imports, wherever they stand."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


@pytest.mark.parametrize("floor", FLOORS)
def test_no_folder_imports_from_one_above_it(floor: str) -> None:
    above = FLOORS[FLOORS.index(floor) + 1 :]
    for path in (ROOM / floor).glob("*.py"):
        assert not [name for name in imported(path) for other in above if name.startswith(f"streamrec.training.{other}")], path


def test_networks_know_nothing_of_data() -> None:
    for path in (ROOM / "networks").glob("*.py"):
        assert not [name for name in imported(path) if name.startswith("streamrec.training.data")], path


def test_what_all_folders_share_imports_none_of_them() -> None:
    for path in ROOM.glob("*.py"):
        assert not [name for name in imported(path) for floor in FLOORS if name.startswith(f"streamrec.training.{floor}")], path


def test_the_package_itself_runs_nothing() -> None:
    for path in ROOM.rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert not body or (ast.get_docstring(ast.Module(body, [])) is not None and len(body) == 1), path
