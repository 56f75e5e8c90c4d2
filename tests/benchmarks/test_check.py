"""The check of the fault harness sees every kind of fault, one at a time."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.faults.check import Verdict, check
from benchmarks.faults.truth import truth
from streamrec.engine.store.mark import MARK, Mark, encode
from streamrec.state.packing import pack_user, unpack_user
from streamrec.state.user import UserRow
from tests.benchmarks.shop import PREFIX, Record, Work, sources

SOURCES = sources(3000)
TRUTH = truth(SOURCES)


def counts(verdict: Verdict) -> dict[str, int]:
    """What is not zero."""
    return {name: value for name in Verdict.__slots__ if name != "details" and (value := getattr(verdict, name))}


def judged(outputs: dict[str, list[Record]]) -> dict[str, int]:
    return counts(check(TRUTH, outputs, PREFIX))


def event(topic: str, wanted: Any = lambda record: True) -> Record:
    """An event of an ordinary user, one that the truth counts."""
    good = {(place[0], place[1], place[2]) for place in TRUTH.triggers}
    found = [one for one in SOURCES[topic] if (one.topic, one.partition, one.offset) in good and wanted(one)]
    return found[len(found) // 2]


def place(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset


def without(outputs: dict[str, list[Record]], topic: str, gone: Any) -> dict[str, list[Record]]:
    return outputs | {topic: [record for record in outputs[topic] if not gone(record)]}


def test_perfect_work_has_no_fault() -> None:
    verdict = check(TRUTH, Work(SOURCES).outputs(), PREFIX)
    assert counts(verdict) == {}, verdict.details
    assert verdict.settled()


def test_the_events_on_trial_are_of_every_kind() -> None:
    assert set(TRUTH.labels) == {"good", "repeat", "poison", "cursed", "gone"}
    assert TRUTH.erased
    assert set(TRUTH.dead.values()) == {"malformed", "invalid", "missing_key", "misrouted", "time", "failed"}
    assert any(user.ids is None for user in TRUTH.users.values())


@pytest.mark.parametrize("topic", ["views", "purchases"])
def test_an_event_that_is_missing_is_lost_for_its_user_and_its_item_and_has_no_list(topic: str) -> None:
    found = judged(Work(SOURCES, skip=[place(event(topic, lambda one: b"event_id" not in one.value))]).outputs())
    assert found == {"lost": 2, "lists_missing": 1}


@pytest.mark.parametrize("topic", ["views", "purchases"])
def test_an_event_that_is_doubled_is_applied_twice_to_its_user_and_its_item(topic: str) -> None:
    found = judged(Work(SOURCES, twice=[place(event(topic, lambda one: b"event_id" not in one.value))]).outputs())
    assert found == {"applied_twice": 2, "lists_repeated": 1}


def test_an_event_of_another_time_is_missed_too_though_little_of_it_is_left() -> None:
    found = judged(Work(SOURCES, skip=[place(event("views", lambda one: one.key.startswith(b"odd-")))]).outputs())
    assert found["lost"] >= 2


def test_a_danmaku_that_names_nothing_is_known_by_its_event_id() -> None:
    silent = place(event("danmaku", lambda one: b"item_id" not in one.value and not one.key.startswith(b"odd-")))
    assert judged(Work(SOURCES, skip=[silent]).outputs()) == {"lost": 1, "lists_missing": 1}
    assert judged(Work(SOURCES, twice=[silent]).outputs()) == {"applied_twice": 1, "lists_repeated": 1}


def test_a_row_that_is_not_in_the_changelog_loses_all_its_events() -> None:
    user = event("views").key
    assert user is not None
    found = judged(without(Work(SOURCES).outputs(), "user-changelog", lambda record: record.key == user))
    assert found["lost"] >= sum(map(len, TRUTH.users[user.decode()].times.values()))


def test_a_row_of_nobody_is_noticed() -> None:
    outputs = Work(SOURCES).outputs()
    outputs["user-changelog"].append(Record("user-changelog", 0, 10**6, b"nobody", pack_user(UserRow()), []))
    assert judged(outputs) == {"applied_twice": 1}


def test_a_row_at_another_offset_is_noticed_though_its_counts_are_right() -> None:
    outputs = Work(SOURCES).outputs()
    last = outputs["user-changelog"][0]
    row = unpack_user(last.value or b"")
    assert isinstance(row, UserRow)
    row.offsets["views"] = 10**6
    outputs["user-changelog"].append(last._replace(value=pack_user(row)))
    assert judged(outputs) == {"lost": 1}


def test_triggers_that_still_wait_have_no_list() -> None:
    outputs = Work(SOURCES).outputs()
    last = outputs["user-changelog"][0]
    row = unpack_user(last.value or b"")
    assert isinstance(row, UserRow)
    row.waiting = [("views", 0, 0, "e", 0)]
    outputs["user-changelog"].append(last._replace(value=pack_user(row)))
    assert judged(outputs) == {"lists_missing": 1}


def test_an_erased_user_who_is_back_is_noticed() -> None:
    outputs = Work(SOURCES).outputs()
    erased = min(TRUTH.erased)
    outputs["user-changelog"].append(Record("user-changelog", 0, 10**6, erased.encode(), pack_user(UserRow()), []))
    assert judged(outputs) == {"erased_present": 1}


def test_a_deleted_row_counts_as_deleted() -> None:
    outputs = Work(SOURCES).outputs()
    erased = min(TRUTH.erased)
    for number, value in enumerate((pack_user(UserRow()), None)):
        outputs["user-changelog"].append(Record("user-changelog", 0, 10**6 + number, erased.encode(), value, []))
    assert judged(outputs) == {}


def test_an_items_signals_are_counted_by_themselves() -> None:
    work = Work(SOURCES)
    work.items["item-0"].version -= 1
    work.items["item-1"].version += 2
    assert judged(work.outputs()) == {"lost": 1, "applied_twice": 2}


def test_statistics_that_stay_behind_are_noticed() -> None:
    outputs = Work(SOURCES).outputs()
    assert judged(without(outputs, "item-stats", lambda record: record.key == b"item-3")) == {"stats_behind": 1}


def test_a_list_that_is_missing_repeated_or_covers_too_much_is_noticed() -> None:
    outputs = Work(SOURCES).outputs()
    first = outputs["recommendations"][0]
    assert judged(without(outputs, "recommendations", lambda record: record is first)) == {"lists_missing": 1}
    assert judged(outputs | {"recommendations": [*outputs["recommendations"], first]}) == {"lists_repeated": 1}
    poisoned = next(place for place, reason in TRUTH.dead.items() if reason == "malformed")
    work = Work(SOURCES)
    work.lists.append({"list_id": "other", "user_id": "user-1", "covers": [(PREFIX + poisoned[0], *poisoned[1:])]})
    assert judged(work.outputs()) == {"lists_unexpected": 1}


def test_dead_letters_that_are_missing_wrong_or_too_many_are_noticed() -> None:
    work = Work(SOURCES)
    record, _ = work.dead.pop()
    assert judged(work.outputs()) == {"dead_letters_missing": 1}
    work.dead.append((record, "another reason"))
    assert judged(work.outputs()) == {"dead_letters_unexpected": 1}
    work = Work(SOURCES)
    work.dead.append(work.dead[0])
    assert judged(work.outputs()) == {}, "a crash may repeat one"
    work.dead.append((event("views"), "invalid"))
    assert judged(work.outputs()) == {"dead_letters_unexpected": 1}


def test_a_mark_that_goes_back_is_noticed() -> None:
    outputs = Work(SOURCES).outputs()
    for number, position in enumerate((5, 9, 7)):
        value = encode(Mark({"shop.views": position}, {}, {}))
        outputs["user-changelog"].append(Record("user-changelog", 0, 10**6 + number, MARK, value, []))
    assert judged(outputs) == {"went_back": 1}
