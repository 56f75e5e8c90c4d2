"""The house: every room stands on a floor, arrows of imports point down, and each library lives where it belongs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "streamrec"

FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "version"),
    ("system", "contract", "training"),
    ("settings", "broker"),
    ("events",),
    ("understanding",),
    ("understanding.answers", "understanding.host", "speech"),
    ("understanding.points",),
    ("state", "kafka", "observe", "datasets", "evaluation.baselines"),
    ("catalogue", "engine.store", "simulator"),
    ("ranking.batch",),
    ("ranking.features", "ranking.sources"),
    ("ranking.filters", "ranking.reasons", "ranking.scorers", "ranking.selectors"),
    ("ranking",),
    ("bert", "web"),
    ("engine", "learning", "operations", "truth"),
    ("worker",),
    ("library",),
    ("evaluation",),
    ("streamrec", "testing"),
    ("training.networks",),
    ("training.data",),
    ("training.graphs",),
    ("training.steps",),
    ("cli.support",),
    ("cli.train",),
    ("demo", "doctor"),
    ("cli",),
    ("__main__",),
)
"""The rooms, bottom floor first. A room is a folder, or a module directly under `streamrec/`; `streamrec` is its `__init__.py`."""

HOMES: dict[str, tuple[str, ...]] = {
    "faust": ("engine",),
    "mode": ("engine",),
    "rocksdict": ("engine.store",),
    "onnxruntime": ("bert", "training.graphs", "training.steps"),
    "torch": ("training", "training.networks", "training.data", "training.graphs", "training.steps"),
    "transformers": ("training", "training.networks", "training.data", "training.graphs", "training.steps"),
    "faster_whisper": ("speech",),
    "av": ("speech",),
    # Servers and tools that talk to brokers; of the commands only what they share: the others call operations/.
    "aiokafka": ("kafka", "engine", "engine.store", "learning", "operations", "cli.support"),
    "kafka": ("kafka", "engine", "operations", "broker", "simulator", "cli.support", "demo", "doctor"),
}
"""The rooms that may import a library, by the library's name. Nobody else does, not even inside a function."""

PURE = ("contract", "events", "state", "catalogue", "understanding", "ranking")
"""Rooms (with the folders in them) that rank, replay and train share: no library of `HOMES` has its home there."""


class Arrow(NamedTuple):
    """One import: who imports what, and where that stands."""

    importer: str
    imported: str
    place: str
    """File and line."""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def room_of(module: str) -> str:
    """The room in which a module of streamrec stands."""
    path = MODULES[module]
    folder = path.parent.relative_to(PACKAGE)
    return ".".join(folder.parts) or ("streamrec" if path.name == "__init__.py" else path.stem)


def arrows_of(module: str) -> Iterator[Arrow]:
    """All imports of a module: at its top, inside functions and for types alone."""
    path = MODULES[module]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{path}:{node.lineno}: name the module in full, as everywhere in streamrec"  # noqa: PT018
            parts = [f"{node.module}.{alias.name}" for alias in node.names]
            names = sorted({part if part in MODULES else node.module for part in parts})
        else:
            continue
        for name in names:
            yield Arrow(module, name, f"{path.relative_to(ROOT)}:{node.lineno}")


ARROWS = [arrow for module in MODULES for arrow in arrows_of(module)]
INSIDE = [arrow for arrow in ARROWS if arrow.imported.partition(".")[0] == "streamrec" and arrow.imported in MODULES]


def complaint(arrow: Arrow) -> str | None:
    """What is wrong with an import and which way it should go; None where it is right."""
    library, here = arrow.imported.partition(".")[0], room_of(arrow.importer)
    if library in HOMES and here not in HOMES[library]:
        homes = ", ".join(f"{home.replace('.', '/')}/" for home in HOMES[library])
        return f"{arrow.place} imports {arrow.imported}, which only {homes} may: move it there, or let the caller pass in what it needs"
    there = room_of(arrow.imported) if arrow.imported in MODULES else here
    # A room without a floor is told by a test of its own.
    if there == here or not {here, there} <= FLOOR.keys() or FLOOR[here] > FLOOR[there]:
        return None
    return (
        f"{arrow.place} imports {arrow.imported}: {here} is on floor {FLOOR[here]} and {there} on floor {FLOOR[there]}, and imports "
        f"point down. Move what both need to a room under {here}, or let {there} pass it in"
    )


def test_every_room_stands_on_one_floor_and_every_floor_is_of_rooms_that_are_there() -> None:
    named = [room for rooms in FLOORS for room in rooms]
    assert len(named) == len(set(named)), "a room stands on two floors"
    # A folder that only holds folders has no modules of its own, and so no floor.
    there = {room_of(name) for name, path in MODULES.items() if path.name != "__init__.py" or path.parent == PACKAGE}
    assert there - set(named) == set(), "a new room: write it on its floor in FLOORS"
    assert set(named) - there == set(), "these rooms are gone: strike them off FLOORS"


def test_imports_point_down_and_each_library_stays_at_home() -> None:
    assert [wrong for arrow in ARROWS if (wrong := complaint(arrow))] == []


def test_folders_import_each_other_in_no_circle() -> None:
    needs: dict[str, set[str]] = {}
    for arrow in INSIDE:
        here, there = room_of(arrow.importer), room_of(arrow.imported)
        if here != there:
            needs.setdefault(here, set()).add(there)
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        circle = error.args[1]
        places = [
            arrow.place
            for importer, imported in zip(circle[1:], circle, strict=False)
            for arrow in INSIDE
            if (room_of(arrow.importer), room_of(arrow.imported)) == (importer, imported)
        ]
        pytest.fail(f"{' -> '.join(reversed(circle))}: one of these imports has to go: {', '.join(places)}")


def test_no_library_of_the_shells_is_at_home_in_a_pure_room() -> None:
    for library, homes in HOMES.items():
        assert not [home for home in homes if home.partition(".")[0] in PURE], f"{library} may not live in a pure room"


def test_what_is_imported_exists() -> None:
    dangling = [
        f"{arrow.place}: {arrow.imported}"
        for arrow in ARROWS
        if arrow.imported.partition(".")[0] == "streamrec" and arrow.imported not in MODULES
    ]
    assert dangling == []
