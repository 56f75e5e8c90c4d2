"""Record batches, filled past aiokafka's own way."""

from __future__ import annotations

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from streamrec.contract.records import Outbound
from streamrec.events.partitioner import partition_of
from streamrec.kafka.batches import Fields, by_destination, fill

SIZE = 1000
FIELDS = st.tuples(
    st.none() | st.binary(max_size=20),
    st.none() | st.binary(max_size=2 * SIZE),
    st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=9)), max_size=2),
)


def _create() -> BatchBuilder:
    return BatchBuilder(SIZE, 0)


def _read(batch: BatchBuilder) -> list[tuple[int, Fields]]:
    records = MemoryRecords(bytes(batch._build()))
    found = []
    while records.has_next():
        whole = records.next_batch()
        assert whole.validate_crc()
        found += [(record.offset, (record.key, record.value, list(record.headers))) for record in whole]
    return found


@given(st.lists(st.lists(FIELDS, min_size=1), min_size=1))
def test_all_records_are_in_batches_in_the_order_given(stretches: list[list[Fields]]) -> None:
    batches: list[BatchBuilder] = []
    for stretch in stretches:
        fill(batches, stretch, _create)
    assert [batch.closed() for batch in batches] == [True] * (len(batches) - 1) + [False]
    assert all(batch.size() <= SIZE for batch in batches if batch.record_count() > 1)
    counts = [batch.record_count() for batch in batches]
    read = [_read(batch) for batch in batches]
    assert [fields for batch in read for _, fields in batch] == [fields for stretch in stretches for fields in stretch]
    assert [[offset for offset, _ in batch] for batch in read] == [list(range(count)) for count in counts]


def test_records_go_where_they_say_or_else_where_their_key_says() -> None:
    records = [
        Outbound("lists", b"ann", b"1", (), 3),
        Outbound("signals", b"tea", b"2", [("a", b"b")]),
        Outbound("letters", None, b"3"),
        Outbound("lists", b"bob", b"4", (), 3),
    ]
    assert by_destination(records, {"signals": 8, "letters": 2}.__getitem__) == {
        ("lists", 3): [(b"ann", b"1", []), (b"bob", b"4", [])],
        ("signals", partition_of(b"tea", 8)): [(b"tea", b"2", [("a", b"b")])],
        ("letters", partition_of(b"", 2)): [(None, b"3", [])],
    }
