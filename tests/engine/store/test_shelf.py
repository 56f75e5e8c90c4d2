from pathlib import Path

import pytest

from streamrec.engine.store.disk import Disk
from streamrec.engine.store.folder import locked
from streamrec.engine.store.mark import Stamp
from streamrec.engine.store.shelf import Packed, Shelf, shelf
from streamrec.errors import DataFolderInUse, InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two partitions of users and one of items."""
    for family, number, rows in (("user", 0, {b"a": b"1"}), ("user", 10, {b"b": b"2", b"c": b"3"}), ("item", 2, {b"lamp": b"4"})):
        disk = Disk(tmp_path / family / str(number))
        disk.write(rows.items(), Stamp(changelog=None, position=5, saved_ms=77, mark=None))
        disk.close()
    return tmp_path


def rows(found: Shelf, family: str) -> list[Packed]:
    return list(found.rows(family))


def test_all_rows_come_and_none_of_the_engines_own(folder: Path) -> None:
    with shelf(folder) as found:
        assert not found.live
        assert found.partitions("user") == [0, 10]
        assert rows(found, "user") == [Packed("user", 0, b"a", b"1"), Packed("user", 10, b"b", b"2"), Packed("user", 10, b"c", b"3")]
        assert rows(found, "item") == [Packed("item", 2, b"lamp", b"4")]
        assert (found.get("user", 10, b"c"), found.get("user", 10, b"z")) == (b"3", None)
        assert found.saved_ms("user", 0) == 77


def test_no_worker_can_start_while_the_folder_is_read(folder: Path) -> None:
    with shelf(folder), pytest.raises(DataFolderInUse), locked(folder):
        pass


def test_the_folder_of_a_running_worker_is_read_without_disturbing_it(folder: Path) -> None:
    with locked(folder):
        disk = Disk(folder / "user" / "0")
        disk.write([(b"new", b"5")])
        with shelf(folder) as found:
            assert found.live
            assert found.get("user", 0, b"new") == b"5"
            disk.write([(b"a", None), (b"newer", b"6")])
            assert [packed.key for packed in rows(found, "user")] == [b"new", b"newer", b"b", b"c"]
        disk.write([(b"still", b"7")])
        assert disk.get(b"still") == b"7"
        disk.close()


def test_what_is_no_data_folder_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--data-dir"), shelf(tmp_path / "nowhere"):
        pass
    assert not (tmp_path / "nowhere").exists()


def test_a_disk_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "user" / "10" / "CURRENT").write_text("no such manifest\n")
    with shelf(folder) as found, pytest.raises(InputError, match=r"user/10 cannot be read"):
        rows(found, "user")
