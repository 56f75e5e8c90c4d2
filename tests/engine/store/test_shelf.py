from pathlib import Path

import pytest

from streamrec.engine.store.folder import locked
from streamrec.engine.store.mark import Stamp
from streamrec.engine.store.shelf import Packed, Shelf, shelf
from streamrec.engine.store.stores import open_store
from streamrec.errors import DataFolderInUse, InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two partitions of users and one of items."""
    for family, number, rows in (("user", 0, {b"a": b"1"}), ("user", 10, {b"b": b"2", b"c": b"3"}), ("item", 2, {b"lamp": b"4"})):
        store = open_store(tmp_path / family / str(number), False)
        store.write(rows.items(), Stamp(changelog=None, position=5, saved_ms=77, mark=None))
        store.close()
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
        store = open_store(folder / "user" / "0", False)
        store.write([(b"new", b"5")])
        with shelf(folder) as found:
            assert found.live
            assert found.get("user", 0, b"new") == b"5"
            store.write([(b"a", None), (b"newer", b"6")])
            assert [packed.key for packed in rows(found, "user")] == [b"new", b"newer", b"b", b"c"]
        store.write([(b"still", b"7")])
        assert store.get(b"still") == b"7"
        store.close()


def test_what_is_no_data_folder_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--data-dir"), shelf(tmp_path / "nowhere"):
        pass
    assert not (tmp_path / "nowhere").exists()
