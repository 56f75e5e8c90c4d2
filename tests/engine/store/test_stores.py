"""What every store promises: the same calls leave the same rows and the same stamp in each of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from streamrec.engine.store.disk import Disk
from streamrec.engine.store.mark import Stamp
from streamrec.engine.store.memory import MemoryStore
from streamrec.engine.store.store import Store

Open = Callable[[Path], Store]
STORES: dict[str, Open] = {"rocksdb": lambda folder: Disk(folder, forgets=True), "memory": lambda folder: MemoryStore()}
"""Another store is one more line here."""

EXAMPLES = {"memory": 200}
"""How many runs of the state machine a store gets; the others get 25, since they open a disk for each."""

LASTING = [name for name in STORES if name != "memory"]
KEYS = st.sampled_from([b"a", b"ab", b"b", b"b\x00", b"b\xff", b"\x01erased:x", b"\xff"])
STAMPS = st.builds(Stamp, st.just("log"), st.integers(0, 9), st.just(1), st.none() | st.just(b"mark"))


class StoreMachine(RuleBasedStateMachine):
    """Whatever is called, a store holds what a dictionary holds."""

    open: Open

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = type(self).open(self.folder / "0")
        self.model: dict[bytes, bytes] = {}
        self.stamp: Stamp | None = None

    @rule(rows=st.dictionaries(KEYS, st.none() | st.binary(max_size=3)), stamp=st.none() | STAMPS)
    def write(self, rows: dict[bytes, bytes | None], stamp: Stamp | None) -> None:
        self.store.write(rows.items(), stamp)
        self.model = {key: row for key, row in (self.model | rows).items() if row is not None}
        self.stamp = stamp or self.stamp

    @rule()
    def purge(self) -> None:
        self.store.purge()
        assert not self.store.holds_deleted

    @rule()
    def wipe(self) -> None:
        self.store.wipe()
        self.model, self.stamp = {}, None

    @rule(keys=st.lists(KEYS))
    def get_many(self, keys: list[bytes]) -> None:
        assert self.store.get_many(keys) == [self.model.get(key) for key in keys]
        assert [self.store.get(key) for key in keys] == [self.model.get(key) for key in keys]

    @rule(prefix=st.just(b"") | KEYS, after=st.just(b"") | KEYS, most=st.integers(0, 4))
    def scan(self, prefix: bytes, after: bytes, most: int) -> None:
        keys = sorted(key for key in self.model if key.startswith(prefix) and key > after)
        assert self.store.scan(prefix, after, most) == keys[:most]

    @invariant()
    def the_stamp_is_the_one_written_last(self) -> None:
        assert self.store.stamp == self.stamp

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)


for _name, _open in STORES.items():
    _machine: type[StoreMachine] = type(f"{_name.capitalize()}Machine", (StoreMachine,), {"open": staticmethod(_open)})
    _machine.TestCase.settings = profile(max_examples=EXAMPLES.get(_name, 25), stateful_step_count=20, deadline=None)
    globals()[f"Test{_name.capitalize()}"] = _machine.TestCase


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty one of each kind."""
    made = STORES[request.param](tmp_path / "0")
    yield made
    made.close()


def test_a_new_store_is_empty_and_says_so(store: Store) -> None:
    assert (store.get(b"a"), store.get_many([]), store.scan(b"", b"", 9), store.stamp) == (None, [], [], None)
    assert not store.holds_deleted
    assert store.where


def test_keys_come_in_order_by_prefix_and_in_pieces_and_without_the_engines_own(store: Store) -> None:
    store.write([(key, b"") for key in (b"a", b"b1", b"b2", b"b3", b"c")], Stamp("log", 7, 1, b"mark"))
    assert store.scan(b"", b"", 9) == [b"a", b"b1", b"b2", b"b3", b"c"]
    assert store.scan(b"b", b"", 2) == [b"b1", b"b2"]
    assert store.scan(b"b", b"b2", 2) == [b"b3"]
    assert store.scan(b"x", b"", 2) == []


@pytest.mark.parametrize("name", LASTING)
def test_what_lies_on_a_disk_is_there_again_when_it_is_opened_again(name: str, tmp_path: Path) -> None:
    stamp = Stamp("log", 7, 1, b"mark")
    store = STORES[name](tmp_path / "0")
    store.write([(b"a", b"1"), (b"b", b"2")], stamp)
    store.write([(b"a", None)])
    store.close()
    again = STORES[name](tmp_path / "0")
    assert (again.get(b"a"), again.get(b"b"), again.stamp) == (None, b"2", stamp)
    again.close()
