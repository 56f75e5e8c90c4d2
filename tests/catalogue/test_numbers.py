"""Names have small numbers for as long as they are used, and no longer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.numbers import Numbers


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=60))
def test_numbers_are_those_of_the_names_in_use_and_none_is_larger_than_there_ever_were_at_once(steps: list[tuple[str, bool]]) -> None:
    numbers, uses, most = Numbers(), dict.fromkeys("abcd", 0), 0
    for name, more in steps:
        if more:
            assert numbers.take(name) > 0
            uses[name] += 1
        elif uses[name]:
            numbers.give(numbers.of(name))
            uses[name] -= 1
        used = {name: numbers.of(name) for name, count in uses.items() if count}
        most = max(most, len(used))
        assert len(numbers) == len(used) == len(set(used.values()))
        assert all(0 < number <= most and numbers.name(number) == name for name, number in used.items())
        assert all(numbers.of(name) == 0 for name, count in uses.items() if not count)


def test_giving_back_no_number_changes_nothing() -> None:
    numbers = Numbers()
    numbers.give(0)
    assert (len(numbers), numbers.changes) == (0, 0)
