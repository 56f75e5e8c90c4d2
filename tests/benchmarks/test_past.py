"""Topics that are made again: which of their old events count, and that the check sees what is wrong before and after."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from benchmarks.faults.check import Verdict, check
from benchmarks.faults.past import SIGNALS, Generation, Past, former
from benchmarks.faults.truth import Truth, truth
from streamrec.engine.store.mark import MARK, Mark, encode
from streamrec.state.item import Signal
from tests.benchmarks.shop import PARTITIONS, PREFIX, TS, Record, Work, sources

OLD = sources(2000)
NEW = [  # whose event ids would otherwise be those of the old ones
    record._replace(value=(record.value or b"").replace(b'"event_id": "e', b'"event_id": "n')) for record in sources(1000, seed=2)["views"]
]
COUNTED = {number: 30 + 5 * number for number in range(PARTITIONS)}
UNTIL = {("views", number): at for number, at in COUNTED.items()} | {
    (topic, number): 10**6 for topic in ("purchases", "danmaku", "erasures") for number in range(PARTITIONS)
}
USERS = ("views", "purchases", "danmaku", "erasures", "items")


def counts(verdict: Verdict) -> dict[str, int]:
    """What is wrong; that lists are repeated is not, and those of an old and a new event at one place have the same id."""
    return {name: value for name in Verdict.__slots__ if name not in ("details", "lists_repeated") and (value := getattr(verdict, name))}


def counted(records: list[Record]) -> list[Record]:
    return [record for record in records if record.offset < COUNTED[record.partition]]


def saved() -> dict[str, list[Record]]:
    """The sources as far as they had been counted when all workers had ended."""
    return {name: counted(records) if name == "views" else records for name, records in OLD.items()}


def halted() -> Truth:
    past = Past()
    past.halt([], UNTIL)
    return truth({name: OLD[name] for name in USERS}, past, until=UNTIL)


def test_what_is_saved_at_a_halt_is_what_the_marks_say() -> None:
    verdict = check(halted(), Work(saved()).outputs(), PREFIX)
    assert counts(verdict) == {}, verdict.details


def test_an_event_beyond_a_mark_that_is_saved_is_noticed() -> None:
    """Such as one of the topic that was made in the old one's place, taken for the next one."""
    read = saved()
    late = next(one for one in OLD["views"] if one not in read["views"] and one.headers[0][1] == b"good")
    read["views"] = [*read["views"], late]
    found = counts(check(halted(), Work(read).outputs(), PREFIX))
    assert found["applied_twice"] >= 2, "for the user and for the item"


def test_an_event_before_a_mark_that_is_not_saved_is_noticed() -> None:
    good = [one for one in counted(OLD["views"]) if one.headers[0][1] == b"good" and b"event_id" not in (one.value or b"")]
    place = (good[0].topic, good[0].partition, good[0].offset)
    assert counts(check(halted(), Work(saved(), skip=[place]).outputs(), PREFIX)) == {"lost": 2, "lists_missing": 1}


def test_what_was_sent_of_events_that_were_not_saved_is_no_fault_of_a_halt() -> None:
    outputs = Work(saved()).outputs()
    outputs["recommendations"] = Work(OLD).outputs()["recommendations"]
    outputs["dead-letters"] = Work(OLD).outputs()["dead-letters"]
    assert counts(check(halted(), outputs, PREFIX)) == {}


def gone_on(before: Work, after: Work) -> tuple[Truth, dict[str, list[Record]]]:
    """The truth after views were made again, and the outputs of one worker before and one after that."""
    past = Past()
    past.halt([], UNTIL)
    past.go_on({})
    first, then = before.outputs(), after.outputs()
    ends = {(name, 0): len(first[name]) for name in first}
    past.end("views", Generation(OLD["views"], COUNTED, ends))
    outputs = dict(then)
    for name in ("recommendations", "dead-letters"):
        outputs[name] = [*first[name], *(record._replace(offset=record.offset + ends[name, 0]) for record in then[name])]
    return truth({name: NEW if name == "views" else OLD[name] for name in USERS}, past), outputs


def both(skip: Any = ()) -> Work:
    """What a worker makes that has counted what the old topic had up to the marks, and goes on with the new one."""
    work = Work(saved())
    for row in work.users.values():
        row.offsets.pop("views", None)
    work.lists.clear()
    work.dead.clear()
    for record in NEW:
        if (record.topic, record.partition, record.offset) not in skip:
            work._take(record)
    return work


def test_places_of_the_old_and_of_the_new_topic_are_told_apart() -> None:
    known, outputs = gone_on(Work(saved()), both())
    verdict = check(known, outputs, PREFIX)
    assert counts(verdict) == {}, verdict.details


def test_a_new_event_that_is_lost_is_noticed_though_an_old_one_had_its_place() -> None:
    old = {(one.partition, one.offset) for one in counted(OLD["views"]) if one.headers[0][1] == b"good"}
    both_good = (one for one in NEW if one.headers[0][1] == b"good" and (one.partition, one.offset) in old)
    lost = next(one for one in both_good if b"event_id" not in (one.value or b""))
    known, outputs = gone_on(Work(saved()), both(skip=[(lost.topic, lost.partition, lost.offset)]))
    assert counts(check(known, outputs, PREFIX)) == {"lost": 2, "lists_missing": 1}


def signal(topic: str, source: int, offset: int, source_partition: int = 0) -> Record:
    value = msgspec.json.encode(Signal("view", TS, 1.0, [], topic, source_partition, source, 0))
    return Record(SIGNALS, 0, offset, b"item-1", value, [])


def test_signals_that_are_passed_over_unread_are_forgone_and_others_count() -> None:
    past = Past()
    at = {("views", 0): 10, ("purchases", 0): 10, (SIGNALS, 0): 2}
    past.halt([signal("views", 3, 0), signal("views", 4, 1), signal("purchases", 5, 2), signal("views", 4, 3), signal("views", 12, 4)], at)
    assert past.counted == {("views", 0, 3), ("views", 0, 4)}
    assert past.pending.keys() == {("purchases", 0, 5), ("views", 0, 12)}
    past.go_on(at | {(SIGNALS, 0): 3})
    assert past.forgone == {("purchases", 0, 5)}, "what is still to be read is not forgone"
    assert not past.signal_counts(("purchases", 0, 5), beyond=False, settled=True)
    assert past.signal_counts(("purchases", 0, 5), beyond=False, settled=False), "its event is read again, and sends it again"
    assert past.signal_counts(("views", 0, 6), beyond=False, settled=True), "a signal that was never sent is missed"
    assert past.signal_counts(("views", 0, 3), beyond=True, settled=False), "the item side had saved it before its event was lost"
    assert not past.signal_counts(("views", 0, 12), beyond=True, settled=False)


def test_a_signal_that_is_read_after_the_next_halt_counts_again() -> None:
    past = Past()
    past.halt([signal("views", 3, 0)], {(SIGNALS, 0): 0})
    past.go_on({(SIGNALS, 0): 1})
    assert past.forgone == {("views", 0, 3)}
    past.halt([signal("views", 3, 0), signal("views", 3, 1)], {(SIGNALS, 0): 2})
    assert past.counted == {("views", 0, 3)}


def test_signals_of_a_topic_that_was_made_again_are_forgone_unless_they_are_in_the_new_one() -> None:
    past = Past()
    past.halt([signal("views", 3, 0), signal("views", 4, 1)], {(SIGNALS, 0): 0})
    past.go_on({(SIGNALS, 0): 1}, [signal("views", 4, 0)])
    assert past.forgone == {("views", 0, 3)}


def test_all_that_is_known_of_a_topic_moves_to_its_former_name() -> None:
    past = Past(waiting={("views", 0, 7), ("danmaku", 0, 7)})
    past.halt([signal("views", 3, 0)], {(SIGNALS, 0): 1})
    past.end("views", Generation([], {0: 5.0}, {("recommendations", 0): 4}))
    assert past.counted == {(former("views", 0), 0, 3)}
    assert past.waiting == {(former("views", 0), 0, 7), ("danmaku", 0, 7)}
    names = [past.name("views", "recommendations", Record("recommendations", 0, offset, None, None, [])) for offset in (3, 4)]
    assert names == [former("views", 0), "views"]
    past.end("views", Generation([], {0: 5.0}, {("recommendations", 0): 9}))
    assert list(past.names_since((former("views", 0), 0, 7))) == [(former("views", 0), 0, 7), (former("views", 1), 0, 7), ("views", 0, 7)]


def test_a_repeat_counts_where_the_event_that_it_repeats_has_gone_with_its_topic() -> None:
    original = next(one for one in OLD["views"] if b"event_id" in (one.value or b"") and one.headers[0][1] == b"good")
    repeat = original._replace(offset=0, headers=[("truth", b"repeat")])
    for mark, expected in ((original.offset, 1), (original.offset + 1, 0)):
        past = Past()
        past.end("views", Generation([original], {original.partition: mark}, {}))
        known = truth({"views": [repeat, repeat._replace(offset=1)]}, past)
        assert Counter(place[0] for place in known.triggers)["views"] == expected


def test_marks_go_back_to_the_beginning_of_a_topic_that_was_made_again_only() -> None:
    outputs = Work(OLD).outputs()
    known = truth({name: OLD[name] for name in USERS})
    for number, (position, topic_id) in enumerate(((9, "a"), (0, "b"), (5, "b"))):
        value = encode(Mark({"shop.views": position}, {"shop.views": topic_id}, {}))
        outputs["user-changelog"].append(Record("user-changelog", 0, 10**6 + number, MARK, value, []))
    assert counts(check(known, outputs, PREFIX)) == {}
    outputs["user-changelog"].append(outputs["user-changelog"][-3])
    outputs["user-changelog"].append(outputs["user-changelog"][-3])
    assert counts(check(known, outputs, PREFIX)) == {"went_back": 1}
