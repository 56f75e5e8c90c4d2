"""Which triggers share a list, and which wait for one: within a batch, within the minimum interval, and while a partition is late."""

from __future__ import annotations

import pytest

from streamrec.contract.backlog import Backlog, together
from streamrec.state.memory import Awaited, Late, UserMemory
from streamrec.worker.waiting import LATE_MS, LATE_RECORDS, LATE_UNTIL_MS, WAITING_BYTES, WAITING_USERS
from tests.shop import NOW, Record, record
from tests.worker.user_side import Side, lists, view


def _now(offset: int, user: str = "u") -> Record:
    return record("views", offset, user_id=user, item_id="i1", ts=NOW)


def test_the_triggers_of_one_user_in_a_batch_share_the_list_of_the_last() -> None:
    outcome = Side().send(view(1), view(2, "v"), view(3), view(4))
    made = {each.user_id: each for each in lists(outcome)}
    assert made["u"].list_id == "streamrec.views-0-4"
    assert [offset for _, _, offset in made["u"].covers] == [1, 3, 4]
    assert [offset for _, _, offset in made["v"].covers] == [2]
    assert outcome.counts["coalesced"] == 2


def test_with_coalescing_off_each_trigger_has_a_list_of_its_own() -> None:
    made = lists(Side(coalesce=False).send(view(1), view(2), view(3)))
    assert [(each.list_id[-1], each.seq, len(each.covers)) for each in made] == [("1", 1, 1), ("2", 2, 1), ("3", 3, 1)]


def test_within_the_minimum_interval_triggers_wait_and_are_covered_in_time() -> None:
    side = Side(min_interval_ms=1000)
    assert len(lists(side.send(view(1)))) == 1
    assert lists(side.send(view(2), view(3))) == []
    assert lists(side.users.tick(side.shard, NOW + 999)) == []
    (made,) = lists(side.users.tick(side.shard, NOW + 1000))
    assert [offset for _, _, offset in made.covers] == [2, 3]
    assert lists(side.users.tick(side.shard, NOW + 9000)) == []


def test_lists_that_are_due_are_made_with_those_of_the_next_batch() -> None:
    side = Side(min_interval_ms=1000)
    side.send(view(1))
    side.send(view(2))
    side.now += 999
    assert [made.user_id for made in lists(side.send(view(3, "v")))] == ["v"]
    side.now += 1
    assert {made.user_id for made in lists(side.send(view(4, "w")))} == {"u", "w"}
    assert side.memory.waiting == {}


def test_a_trigger_that_is_too_early_for_a_list_joins_the_one_that_is_made_anyway() -> None:
    side = Side(min_interval_ms=1000)
    side.send(view(1))
    (made,) = lists(side.send(view(2000), _now(2001)))
    assert [offset for _, _, offset in made.covers] == [2000, 2001]


def test_without_a_minimum_interval_a_trigger_from_the_past_has_its_list_at_once() -> None:
    side = Side()
    side.send(view(1000))
    assert len(lists(side.send(_now(1001)))) == 1


def test_a_late_partition_makes_one_list_for_the_triggers_of_a_longer_span() -> None:
    late_ms = LATE_MS + 3000
    side = Side()
    side.send(view(1))

    def late(offset: int) -> Record:
        return view(offset)._replace(timestamp=NOW - late_ms)

    assert lists(side.send(late(1000), late(2000), lag=LATE_RECORDS + 1)) == [], "within the span of the last list"
    (made,) = lists(side.send(late(late_ms + 1), lag=LATE_RECORDS + 1))
    assert [offset for _, _, offset in made.covers] == [1000, 2000, late_ms + 1]
    assert side.memory.waiting == {}
    side.send(late(late_ms + 2), lag=LATE_RECORDS + 1)
    assert lists(side.users.tick(side.shard, NOW + LATE_UNTIL_MS - 1)) == [], "as long as the partition is late"
    (last,) = lists(side.users.tick(side.shard, NOW + LATE_UNTIL_MS))
    assert [offset for _, _, offset in last.covers] == [late_ms + 2]


def test_a_late_partition_lists_who_waited_as_long_as_it_is_late() -> None:
    side = Side()
    side.send(view(1))
    side.send(view(2)._replace(timestamp=NOW - LATE_MS - 1), lag=LATE_RECORDS + 1)
    side.memory.late = Late(3000, NOW + 10_000)
    assert lists(side.users.tick(side.shard, NOW + 2999)) == []
    assert len(lists(side.users.tick(side.shard, NOW + 3000))) == 1


def test_old_records_that_nothing_waits_behind_are_a_wrong_clock_and_not_late() -> None:
    side = Side()
    slow = [view(number)._replace(timestamp=NOW - 3_600_000) for number in (1, 2, 3)]
    assert [len(lists(side.send(record, lag=LATE_RECORDS))) for record in slow] == [1, 1, 1]


def test_no_more_users_wait_than_a_mark_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamrec.worker.waiting.WAITING_USERS", 1)
    side = Side(min_interval_ms=1000)
    side.send(view(1), view(2, "v"))
    assert [made.user_id for made in lists(side.send(view(3), view(4, "v")))] == ["v"]
    assert set(side.memory.waiting) == {"u"}


def test_without_coalescing_each_trigger_has_its_own_list_however_far_behind() -> None:
    side = Side(coalesce=False)
    late = [view(number)._replace(timestamp=NOW - 10 * LATE_MS) for number in (1, 2, 3)]
    assert len(lists(side.send(*late, lag=LATE_RECORDS + 1))) == 3


@pytest.mark.parametrize(("id_length", "most"), [(8, WAITING_USERS), (128, WAITING_BYTES // 128)], ids=["short", "long"])
def test_no_more_users_wait_than_a_mark_has_room_for_and_the_others_have_their_lists_at_once(id_length: int, most: int) -> None:
    side = Side(min_interval_ms=1000)
    users = [f"{number:0{id_length}}" for number in range(12_000)]
    side.send(*(_now(number, user) for number, user in enumerate(users)))
    made = lists(side.send(*(_now(20_000 + number, user) for number, user in enumerate(users))))
    waiting = side.memory.waiting
    assert len(made) + len(waiting) == len(users)
    assert 0.8 * most < len(waiting) <= most
    assert sum(map(len, waiting)) <= WAITING_BYTES
    assert users[-1] not in waiting
    side.now += 1000
    side.users.tick(side.shard, side.now)
    side.send(_now(40_000, users[-1]))
    assert users[-1] in waiting, "those whose lists are made make room"


def test_what_waits_is_counted_and_for_how_long_it_should_not_have() -> None:
    assert UserMemory().backlog(NOW) == Backlog(0, 0, 0.0, 0)
    memory = UserMemory({"a": NOW - 12_000, "b": NOW, "c": NOW + 500}, parked={"views-1": Awaited(7, 100)})
    assert memory.backlog(NOW) == Backlog(waiting=3, overdue=1, overdue_s=12.0, parked=1)
    assert together([memory.backlog(NOW), Backlog(2, 2, 3.0, 4)]) == Backlog(5, 3, 12.0, 5)
    assert together([]) == Backlog()
