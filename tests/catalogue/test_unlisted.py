"""Statistics of ids without an item record wait in a number of bytes, the most recent of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.unlisted import Unlisted
from tests.catalogue.test_catalogue import stats


def test_what_was_heard_of_least_recently_makes_way_and_is_counted() -> None:
    held = Unlisted(3_000)
    for number in range(50):
        held.put(f"i{number}", stats(1), 0, number)
        held.put("hot", stats(number + 1), 0, number)
    assert held.bytes <= 3_000
    assert "hot" in held
    assert "i49" in held
    assert "i0" not in held
    assert held.counts["unlisted"] == 51 - len(held)


def test_what_is_taken_out_is_what_was_put_in_and_its_bytes_are_free() -> None:
    held = Unlisted(10_000)
    held.put("a", stats(3, before=[("b", 1.0)]), 5, 17)
    found = held.pop("a")
    assert found is not None
    assert (found.stats, found.home, found.heard_ms) == (stats(3, before=[("b", 1.0)]), 5, 17)
    assert (held.bytes, len(held), held.pop("a")) == (0, 0, None)


def test_older_statistics_do_not_replace_newer_ones() -> None:
    held = Unlisted(10_000)
    assert held.put("a", stats(3), 0, 0)
    assert not held.put("a", stats(2), 0, 1)
    found = held.pop("a")
    assert found is not None
    assert found.stats.version == 3


def test_while_a_worker_starts_nothing_makes_way() -> None:
    held = Unlisted(1_000)
    held.begin()
    for number in range(50):
        held.put(f"i{number}", stats(1), 0, 0)
    assert len(held) == 50
    held.settle()
    assert held.bytes <= 1_000
    assert "i49" in held


STEPS = st.lists(st.tuples(st.sampled_from(["put", "pop", "begin", "settle"]), st.sampled_from("abcdefgh"), st.integers(1, 9)), max_size=60)


@given(STEPS, st.integers(0, 3_000))
def test_never_more_than_the_limit_is_held_but_while_a_worker_starts(steps: list[tuple[str, str, int]], limit: int) -> None:
    held, settled, order = Unlisted(limit), True, list[str]()
    for kind, name, version in steps:
        match kind:
            case "put" if held.put(name, stats(version), 0, 0):
                order = [*(known for known in order if known != name), name]
            case "pop":
                assert (held.pop(name) is not None) == (name in order)
                order = [known for known in order if known != name]
            case "begin":
                held.begin()
                settled = False
            case "settle":
                held.settle()
                settled = True
        if settled:
            assert held.bytes <= limit
            # The least recently heard of have made way, and no other.
            order = order[len(order) - len(held) :]
        assert [name for name in "abcdefgh" if name in held] == sorted(order)
    for name in order:
        held.pop(name)
    assert (held.bytes, len(held)) == (0, 0)
