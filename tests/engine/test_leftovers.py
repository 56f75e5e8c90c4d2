"""Disks of partitions that another worker has go after a while."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamrec.engine.leftovers import LEFT, Leftovers, delete

STRANGE = "²"
"""A digit, but no number."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with three disks of users and one of items; what has another name is no disk."""
    for name in ("user/0", "user/1", "user/2", "item/0", "models/0", f"user/{STRANGE}"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "row").touch()
    return tmp_path


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def there(folder: Path) -> list[str]:
    return sorted(str(path.parent.relative_to(folder)) for path in folder.rglob("row") if path.parent.name != STRANGE)


def test_a_disk_goes_when_nobody_has_used_it_for_long_enough(folder: Path) -> None:
    clock = Clock()
    leftovers = Leftovers(folder, ["user", "item"], kept_s=10.0, clock=clock)
    used = {("user", 0), ("item", 0)}
    assert leftovers.due(used) == []
    clock.now = 9.0
    assert leftovers.due({*used, ("user", 1)}) == []
    clock.now = 11.0
    delete(leftovers.due(used))
    assert there(folder) == ["item/0", "models/0", "user/0", "user/1"], "user/1 came back meanwhile, and its time begins anew"
    clock.now = 22.0
    delete(leftovers.due(used))
    assert there(folder) == ["item/0", "models/0", "user/0"]


def test_what_a_killed_process_was_about_to_delete_goes_at_once(folder: Path) -> None:
    (folder / "user" / "2").rename(folder / "user" / f"2{LEFT}")
    delete(Leftovers(folder, ["user"], kept_s=1000.0).due({("user", 0), ("user", 1), ("user", 2)}))
    assert there(folder) == ["item/0", "models/0", "user/0", "user/1"]
