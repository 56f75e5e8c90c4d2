"""The control's check: what plain Faust does wrong is seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import pytest

from benchmarks.faults.plain import USERS, judge, views
from benchmarks.faults.trial import Result

PREFIX = "plain."
Records = dict[str, list[Any]]


class Record(NamedTuple):
    """A record as it is read."""

    partition: int
    offset: int
    key: bytes
    value: bytes


@pytest.fixture
def records() -> Records:
    """What a faultless worker leaves of three events by two users."""
    users = ["ann", "bob", "ann"]
    return {
        "views": [_record(number, user, {"user_id": user}) for number, user in enumerate(users)],
        "user-changelog": [_record(0, "ann", 1), _record(1, "bob", 1), _record(2, "ann", 2)],
        "recommendations": [_list(number, number, user) for number, user in enumerate(users)],
    }


def _record(offset: int, user: str, value: object) -> Record:
    return Record(0, offset, json.dumps(user).encode(), json.dumps(value).encode())


def _list(offset: int, trigger: int, user: str) -> Record:
    covers = [[f"{PREFIX}views", 0, trigger]]
    return _record(offset, user, {"list_id": f"of {trigger}", "user_id": user, "covers": covers})


def judged(records: Records) -> Result:
    result = Result("kill", seed=0)
    judge(result, records, PREFIX)
    return result


def test_a_faultless_run_has_no_faults(records: Records) -> None:
    result = judged(records)
    found = result.verdict
    assert result.events == 3
    assert (found.lost, found.applied_twice, found.lists_missing, found.lists_repeated) == (0, 0, 0, 0)


def test_an_event_that_is_not_counted_is_lost(records: Records) -> None:
    del records["user-changelog"][2]
    assert judged(records).verdict.lost == 1


def test_an_event_of_a_user_without_a_count_is_lost(records: Records) -> None:
    del records["user-changelog"][1]
    assert judged(records).verdict.lost == 1


def test_events_counted_twice_do_not_make_up_for_lost_ones_of_other_users(records: Records) -> None:
    records["user-changelog"] = [_record(0, "ann", 5)]
    found = judged(records).verdict
    assert (found.lost, found.applied_twice) == (1, 3)


def test_a_list_that_did_not_come_and_one_that_came_twice_are_seen(records: Records) -> None:
    records["recommendations"][2] = _list(2, 0, "ann")
    found = judged(records).verdict
    assert (found.lists_missing, found.lists_repeated) == (1, 1)


def test_the_same_seed_gives_the_same_views() -> None:
    def first(seed: int) -> Iterator[bytes | None]:
        return (event.key for event in islice(views(seed, 0), 100))

    assert list(first(1)) == list(first(1)) != list(first(2))
    assert len(set(islice((event.key for event in views(0, 0)), 20 * USERS))) == USERS
