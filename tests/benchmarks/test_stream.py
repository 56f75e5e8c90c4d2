"""The stream benchmark does the work that it says, counts it right, and notices when a contender did not."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.stream import __main__ as main
from benchmarks.stream import work
from benchmarks.stream.arrivals import Notes, read_notes, write_notes
from benchmarks.stream.check import WorkMissing, check_lists, check_rows
from benchmarks.stream.contenders import CONTENDERS, Contender
from benchmarks.stream.latency import delays
from benchmarks.stream.meter import Rates, Sample, rates
from benchmarks.stream.processes import _cpu_s, tree
from benchmarks.stream.report import ratios, row
from benchmarks.stream.throughput import measure, prepared
from benchmarks.stream.traffic import PARTITIONS, Record, Traffic, preload
from streamrec.events.partitioner import partition_of

EVENTS, USERS = 3000, 500

events = st.builds(
    work.Event,
    event_id=st.text(max_size=12),
    user_id=st.text(max_size=12),
    item_id=st.text(min_size=1, max_size=12),
    room_id=st.text(max_size=12),
    ts=st.integers(0, 2**40),
    dwell_ms=st.integers(0, 100_000),
    channel=st.sampled_from(["app", "web"]),
    country=st.just("GB"),
)


@given(st.lists(events, max_size=30))
def test_a_row_is_the_same_after_packing(history: list[work.Event]) -> None:
    row = work.new_row()
    for offset, event in enumerate(history):
        work.apply(row, event, 3, offset)
    assert work.unpack(work.pack(row)) == row
    assert row.seq == len(history)


def test_a_row_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 02"):
        work.unpack(b"\x02" + work.pack(work.new_row())[1:])


def test_rows_have_about_500_bytes_and_events_150_to_200() -> None:
    rows: dict[bytes, work.Row] = {}
    for partition, key, value in Traffic(USERS, EVENTS).records():
        assert 150 <= len(value) <= 200
        work.apply(rows.setdefault(key, work.new_row()), work.decode_event(value), partition, 0)
    assert all(450 <= len(work.pack(row)) <= 600 for row in [work.new_row(), *rows.values()])


def test_a_list_names_its_event_and_shows_the_last_ten_items_first() -> None:
    row = work.new_row()
    for offset in range(3):
        event = work.Event(f"e{offset}", "user-1", f"item-{offset}", "r", work.START_MS, 1, "app", "GB")
        work.apply(row, event, 5, offset)
    made = work.decode_list(work.answer(row, event, "bench.views", 5, 2))
    assert (made.list_id, made.user_id, made.seq) == ("bench.views-5-2", "user-1", 3)
    assert made.items[:3] == ["item-2", "item-1", "item-0"]
    assert len(made.items) == work.ITEMS


def test_traffic_knows_how_many_events_each_user_and_partition_has() -> None:
    traffic = Traffic(USERS, EVENTS)
    found = [(partition, key, work.decode_event(value)) for partition, key, value in traffic.records()]
    assert Counter(event.user_id for *_, event in found) == traffic.events_of_users()
    assert Counter(partition for partition, *_ in found) == traffic.events_of_partitions()
    assert all(partition == partition_of(key, PARTITIONS) and key.decode() == event.user_id for partition, key, event in found)


def test_traffic_is_skewed_as_customers_are() -> None:
    counts = sorted(Traffic(USERS, 50 * USERS).events_of_users().values())
    assert sum(counts[-USERS // 10 :]) > 0.3 * sum(counts)


def test_greeted_users_all_come_once_before_the_traffic() -> None:
    traffic = Traffic(USERS, EVENTS, greet=True)
    assert traffic.greeted == USERS
    assert traffic.count == USERS + EVENTS
    assert len({key for _, key, _ in traffic.records(0, USERS)}) == USERS


def test_rates_are_between_two_counts_of_lists_by_straight_lines() -> None:
    samples = [Sample(0.0, 0, 1.0), Sample(10.0, 0, 1.0), Sample(12.0, 1000, 2.0), Sample(14.0, 3000, 2.5)]
    assert rates(samples, 500, 3000) == Rates(2500, 3.0, 1.0)
    assert rates(samples, 500, 3000).cpu_us_per_event == 400.0


def test_a_process_that_ends_while_it_is_looked_at_has_used_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    me = os.getpid()
    assert _cpu_s(me) > 0

    def gone(path: Path) -> str:
        raise ProcessLookupError(3, "No such process")

    monkeypatch.setattr(Path, "read_text", gone)
    assert (tree(me), _cpu_s(me)) == ([me], 0.0)


def test_ratios_say_how_much_faster_streamrec_is() -> None:
    rows = {
        "streamrec": row(CONTENDERS["streamrec"], [Rates(100, 1.0, 1.0), Rates(100, 2.0, 2.0), Rates(100, 4.0, 4.0)]),
        "faust": {"events_per_s": 5, "cpu_us_per_event": 200_000.0},
    }
    assert rows["streamrec"]["events_per_s"] == 50
    assert ratios(rows) == {"streamrec/faust": {"wall": 10.0, "cpu": 10.0}}


def test_delays_join_lists_with_their_events_and_leave_the_warm_up_out(tmp_path: Path) -> None:
    write_notes(tmp_path / "notes.npz", [(100.0, 0, 7, 2), (103.0, 0, 9, 1), (103.5, 1, 0, 1)], late_s=0.25)
    notes = read_notes(tmp_path / "notes.npz")
    seen = [
        (100.5, [b'{"list_id":"views-0-7","x', b'{"list_id":"views-0-8","x']),
        (103.25, [b'{"list_id":"views-0-9","x']),
        (104.5, [b'{"list_id":"views-1-0","x', b'{"list_id":"views-0-9","repeated']),
    ]
    found = delays(500.0, seen, notes)
    assert (found.events, found.p50_ms, found.max_ms, found.late_ms) == (2, 250.0, 1000.0, 250.0)


def test_notes_survive_their_file(tmp_path: Path) -> None:
    write_notes(tmp_path / "notes.npz", [(2.0, 4, 12, 1), (1.0, 4, 10, 2)], late_s=0.0)
    notes = read_notes(tmp_path / "notes.npz")
    assert isinstance(notes, Notes)
    assert notes.first[4] == 10
    np.testing.assert_array_equal(notes.sent[4], [1.0, 1.0, 2.0])


def test_a_contender_that_is_missing_or_fails_is_named_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(broker: str, contender: Contender, traffic: Traffic) -> Rates:
        if contender.name == "broken":
            raise WorkMissing("7 events have no list")
        return Rates(traffic.count, 1.0, 1.0)

    contenders = {name: Contender(name, name, "none", 10, 10) for name in ("no-such-distribution", "broken", "aiokafka")}
    contenders["broken"] = Contender("broken", "aiokafka", "none", 10, 10)
    monkeypatch.setattr(main, "CONTENDERS", contenders)
    monkeypatch.setattr(main, "measure", measured)
    said: list[dict[str, object]] = []
    bench = main.Bench("nowhere", main.QUICK, True, said.append)
    bench.throughput(list(contenders))
    assert [one["contender"] for one in said] == list(contenders)
    assert ["skipped" in said[0], "failed" in said[1], "events_per_s" in said[2]] == [True] * 3
    assert bench.failed == 1


@pytest.mark.kafka
@pytest.mark.parametrize("name", ["streamrec", "aiokafka"])
def test_a_contender_does_all_its_work(broker: str, name: str) -> None:
    # As many as take longer than a look at the lists: all of EVENTS can be done between two looks.
    events = 20 * EVENTS
    found = measure(broker, CONTENDERS[name], Traffic(USERS, events))
    assert found.events == events - events // 10
    assert found.seconds > 0


@pytest.mark.kafka
def test_two_workers_share_the_work(broker: str) -> None:
    assert measure(broker, CONTENDERS["streamrec"], Traffic(USERS, EVENTS), workers=2).events == EVENTS - EVENTS // 10


@pytest.mark.kafka
def test_work_that_was_not_done_is_noticed(broker: str) -> None:
    traffic = Traffic(20, 60)
    rows = {key: work.new_row() for key in traffic.keys}
    offsets: Counter[int] = Counter()
    lists, packed = [], []
    for partition, key, value in traffic.records():
        event = work.decode_event(value)
        work.apply(rows[key], event, partition, offsets[partition])
        lists.append((partition, key, work.answer(rows[key], event, "views", partition, offsets[partition])))
        packed.append((partition, key, work.pack(rows[key])))
        offsets[partition] += 1
    made = work.decode_list(lists[-1][2])
    wrong_number = [*lists[:-1], (*lists[-1][:2], msgspec.json.encode(msgspec.structs.replace(made, seq=made.seq + 1)))]
    for records, complaint in (
        (lists, None),
        (lists[:-1], "1 events have no list"),
        ([*lists, lists[0]], "61 lists for 60 events"),
        (wrong_number, "do not count"),
    ):
        _expect(broker, records, complaint, lambda topic: check_lists(broker, topic, traffic))
    for records, complaint in ((packed, None), (packed[:-1], "1 of")):
        _expect(broker, records, complaint, lambda topic: check_rows(broker, topic, traffic))


def _expect(broker: str, records: list[Record], complaint: str | None, check: Callable[[str], Coroutine[None, None, None]]) -> None:
    with prepared(broker, CONTENDERS["aiokafka"]) as job:
        asyncio.run(preload(broker, job.sink, records))
        if complaint is None:
            asyncio.run(check(job.sink))
        else:
            with pytest.raises(WorkMissing, match=complaint):
                asyncio.run(check(job.sink))
