"""Rules are bounded, go when their time is long over, and are found by what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.rulebook import LATE_MS, MOST_OF_ONE, RuleTable
from tests.shop import NOW, rule


def ids(table: RuleTable) -> list[str]:
    return [each.rule_id for each in table.book(("boost", "block")).rules]


def test_rules_stand_in_the_order_of_their_ids_whatever_the_order_they_came_in() -> None:
    table = RuleTable()
    for name in ("c", "a", "b", "a"):
        table.put(rule(name, "block", "x"))
    table.put(rule("d", "pin", "x"))
    assert ids(table) == ["a", "b", "c"]
    table.remove("b")
    table.remove("b")
    assert ids(table) == ["a", "c"]


def test_a_rule_is_forgotten_a_day_after_its_time_and_not_before() -> None:
    table = RuleTable()
    table.put(rule("over", "block", "x", expires_ts=NOW))
    table.put(rule("lasting", "block", "x"))
    table.expire(NOW + LATE_MS - 1)
    assert ids(table) == ["lasting", "over"]
    table.expire(NOW + LATE_MS)
    assert ids(table) == ["lasting"]
    assert (len(table), table.counts["rule_expired"]) == (1, 1)


def test_a_rule_whose_time_was_made_longer_stays() -> None:
    table = RuleTable()
    for until in (NOW, NOW + 9 * LATE_MS):
        table.put(rule("r", "block", "x", expires_ts=until))
    table.expire(NOW + 2 * LATE_MS)
    assert ids(table) == ["r"]


def test_one_rule_too_many_is_refused_counted_and_logged_and_what_holds_stays(caplog: pytest.LogCaptureFixture) -> None:
    table = RuleTable(most=2)
    for name in ("a", "b", "c", "b"):
        table.put(rule(name, "block", name))
    assert ids(table) == ["a", "b"]
    assert table.counts["rule_over"] == 1
    assert "the rule c has no effect" in caplog.text
    table.remove("a")
    table.put(rule("c", "block", "c"))
    assert ids(table) == ["b", "c"]


def test_rules_whose_time_is_over_make_way_before_one_is_refused() -> None:
    table = RuleTable(most=2)
    table.put(rule("over", "block", "x", expires_ts=NOW))
    table.put(rule("holds", "block", "x"))
    table.expire(NOW + 1)
    table.put(rule("new", "block", "x"))
    assert ids(table) == ["holds", "new"]


def test_of_one_target_there_are_so_many_rules_at_most() -> None:
    table = RuleTable()
    for number in range(MOST_OF_ONE + 5):
        table.put(rule(f"r{number:03}", "boost", "h", target="host", factor=2.0))
    table.put(rule("other", "boost", "g", target="host", factor=2.0))
    assert ids(table) == ["other", *(f"r{number:03}" for number in range(MOST_OF_ONE))]
    assert table.counts["rule_over"] == 5
    table.put(rule("r000", "boost", "g", target="host", factor=2.0))
    table.put(rule("s", "boost", "h", target="host", factor=2.0))
    assert "s" in ids(table)


def test_rules_that_are_changed_again_and_again_leave_nothing_behind() -> None:
    table = RuleTable(most=10)
    for number in range(1000):
        table.put(rule("r", "block", "x", expires_ts=NOW + number))
    assert len(table._ends) <= 20


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "remove", "expire"]),
        st.sampled_from("abcdefgh"),
        st.sampled_from(["pin", "boost", "bury", "block"]),
        st.sampled_from(["x", "y"]),
        st.none() | st.integers(NOW - 3 * LATE_MS, NOW + LATE_MS),
    ),
    max_size=40,
)


@given(STEPS)
def test_the_table_holds_what_was_put_last_within_its_limit_and_books_are_by_action_and_id(steps: list[tuple]) -> None:  # type: ignore[type-arg]
    table, now = RuleTable(most=4), 0
    latest: dict[str, object] = {}
    for kind, name, action, target, expires in steps:
        match kind:
            case "put":
                latest[name] = rule(name, action, target, expires_ts=expires)
                table.put(latest[name])  # type: ignore[arg-type]
            case "remove":
                table.remove(name)
                latest.pop(name, None)
            case "expire":
                now = NOW
                table.expire(now)
        held = {held.rule_id: held for held in table.book(("pin", "boost", "bury", "block")).rules}
        assert len(table) == len(held) <= 4
        assert list(held) == sorted(held)
        assert held.items() <= latest.items(), "what was put last under an id, or nothing"
        for action in ("pin", "block"):
            book = table.book((action,))
            assert [held.rule_id for held in book.rules] == [name for name, held in held.items() if held.action == action]
            assert len(book.starts) == len(book.expires) == len(book.target) == len(book.rules)
        if kind == "expire":
            assert not any(held.expires_ts is not None and held.expires_ts <= now - LATE_MS for held in held.values())
