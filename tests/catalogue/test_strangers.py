"""Ids that no record lists are forgotten when there are too many of them or they are too old, oldest first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.strangers import GRACE_MS, Strangers
from tests.shop import DAY, NOW


class Bench:
    """Strangers under a clock."""

    def __init__(self, most: int = 3) -> None:
        self.now = NOW
        self.held = Strangers(lambda: self.now, most, 7 * DAY, 30 * DAY)

    def put(self, *names: str, listed: bool = False, heard: int = NOW, partition: int = 0) -> None:
        for name in names:
            self.held.put(name, partition, listed, heard)

    def forget(self, partition: int = 0, most: int = 100) -> list[str]:
        found = self.held.overdue(partition, most)
        for name in found:
            self.held.pop(name)
        return found


def test_of_too_many_the_least_recently_heard_of_go() -> None:
    bench = Bench()
    for place, name in enumerate("abcde"):
        bench.put(name, heard=NOW + place)
    bench.put("a", heard=NOW + 9)
    assert bench.held.waits(0)
    assert bench.forget() == ["b", "c"]
    assert not bench.held.waits(0)
    assert bench.forget() == []


def test_partitions_do_not_count_for_each_other() -> None:
    bench = Bench()
    bench.put(*"abc")
    bench.put(*"def", partition=1)
    assert (bench.held.waits(0), bench.held.waits(1)) == (False, False)


def test_what_is_too_old_goes_and_what_was_once_listed_stays_longer() -> None:
    bench = Bench()
    bench.put("never")
    bench.put("once", listed=True)
    bench.now = NOW + 7 * DAY
    assert bench.held.waits(0)
    assert bench.forget() == ["never"]
    bench.now = NOW + 30 * DAY
    assert bench.forget() == ["once"]


def test_items_that_were_once_listed_are_not_bounded_in_number() -> None:
    bench = Bench()
    bench.put(*"abcdefgh", listed=True)
    assert not bench.held.waits(0)


def test_an_id_that_was_just_removed_is_not_forgotten_for_the_age_of_its_statistics() -> None:
    bench = Bench()
    bench.put("old", listed=True, heard=NOW - 90 * DAY)
    bench.put("new", listed=True)
    assert bench.forget() == []
    bench.now += GRACE_MS
    assert bench.forget() == ["old"]


def test_so_many_at_a_time_as_are_asked_for() -> None:
    bench = Bench(most=1)
    bench.put(*"abcdef")
    assert [len(bench.forget(most=2)) for _ in range(4)] == [2, 2, 1, 0]


@given(st.lists(st.tuples(st.sampled_from("abcdefghij"), st.booleans(), st.integers(0, 20)), max_size=80))
def test_exactly_the_newest_stay(steps: list[tuple[str, bool, int]]) -> None:
    bench, heard = Bench(), dict[str, tuple[int, int]]()
    for number, (name, there, hour) in enumerate(steps):
        if there:
            bench.put(name, heard=NOW + hour)
            heard[name] = NOW + hour, number
        else:
            bench.held.pop(name)
            heard.pop(name, None)
    gone = bench.forget()
    oldest = sorted(heard, key=heard.__getitem__)[: max(0, len(heard) - 3)]
    assert gone == oldest
    assert len(bench.held) == min(3, len(heard))


@given(
    st.lists(st.tuples(st.sampled_from("abcdefghijkl"), st.integers(0, 2), st.booleans(), st.integers(-40, 0)), max_size=60),
    st.integers(0, 40),
)
def test_after_forgetting_no_partition_has_too_many_or_too_old_ids_and_removed_ones_stay_for_a_month(
    heard: list[tuple[str, int, bool, int]], days: int
) -> None:
    bench = Bench()
    latest: dict[str, tuple[int, bool, int]] = {}
    for name, partition, listed, day in heard:
        bench.put(name, listed=listed, heard=NOW + day * DAY, partition=partition)
        latest[name] = partition, listed, max(NOW + day * DAY + (30 if listed else 7) * DAY, NOW + GRACE_MS)
    bench.now = NOW + days * DAY
    for partition in range(3):
        gone = set(bench.forget(partition))
        mine = {name: (listed, due) for name, (of, listed, due) in latest.items() if of == partition}
        overdue = {name for name, (_, due) in mine.items() if due <= bench.now}
        young = [name for name, (listed, _) in mine.items() if not listed and name not in overdue]
        assert overdue <= gone
        assert not any(mine[name][0] for name in gone - overdue), "removed items go by age alone"
        assert len(young) - len(gone - overdue) <= 3
        assert len(gone - overdue) <= max(0, len([name for name, (listed, _) in mine.items() if not listed]) - 3)
        assert not bench.held.waits(partition)
