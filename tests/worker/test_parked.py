"""Events whose schema is being asked for wait in their partition's rows, and count once when it has come."""

from __future__ import annotations

from typing import Any

import pytest

from streamrec.contract.processor import Outcome, Part
from streamrec.events.avro import avro_schema
from streamrec.state.fences import forget_in_fences
from streamrec.state.memory import ItemMemory, ItemShard
from streamrec.state.packing import pack_user, unpack_user
from streamrec.state.user import PARKED_PREFIX
from streamrec.testing import MemoryRows
from streamrec.worker import parked
from streamrec.worker.items import ItemProcessor
from tests.events.registries import LateSchemas, framed
from tests.shop import NOW, Record, record
from tests.worker.user_side import Side, header, lists, out, view

SCHEMA = avro_schema("views")


@pytest.fixture
def side() -> Side:
    made = Side()
    made.users.side.schemas = LateSchemas({7: SCHEMA})
    return made


def avro(offset: int, user: str = "u", schema_id: int = 7, **fields: Any) -> Record:
    value = framed(schema_id, SCHEMA, {"user_id": user, "item_id": "i1", "ts": NOW + offset, **fields})
    return view(offset, user)._replace(value=value)


def answer(side: Side) -> Outcome:
    assert isinstance(side.users.side.schemas, LateSchemas)
    side.users.side.schemas.answers = True
    assert side.users.waits(side.shard)
    return side.users.tick(side.shard, side.now)


def waiting(side: Side) -> int:
    return sum(key.startswith(PARKED_PREFIX) for key in side.rows)


def test_good_events_go_on_while_one_waits_and_it_counts_once_when_its_schema_has_come(side: Side) -> None:
    outcome = side.send(avro(1), view(2))
    assert (outcome.counts["parked"], outcome.counts["applied"], waiting(side)) == (1, 1, 1)
    late = answer(side)
    (made,) = lists(late)
    assert made.covers == [("streamrec.views", 0, 1)]
    assert round(side.rows[b"u"].seen["i1"].count) == 2
    assert (waiting(side), side.memory.parked) == (0, {})
    assert side.rows[b"u"].offsets == {"views": 2}


def test_items_count_it_though_later_events_of_its_topic_were_counted_before(side: Side) -> None:
    items = ItemProcessor(side.settings, side.catalogue, lambda: NOW)
    rows = MemoryRows[Any]()
    shard = ItemShard(0, rows, ItemMemory())

    def count(outcome: Outcome, offset: int) -> None:
        signals = [Record("streamrec.item-signals", offset, each.key, each.value, NOW) for each in out(outcome, "item-signals")]
        items.process([Part(shard, signals)])

    count(side.send(avro(1), avro(2), view(3)), 0)
    late = answer(side)
    for _ in range(2):
        count(late, 1)
    assert rows[b"i1"].version == 3, "each of the events once, also when the signals come again"
    assert "fences" not in forget_in_fences(shard.memory.saved(), {"views-0": 0}, ItemMemory)


def test_it_waits_through_a_restart(side: Side) -> None:
    side.send(avro(1))
    again = Side()
    again.users.side.schemas, again.memory = side.users.side.schemas, side.memory
    again.rows.update({key: unpack_user(pack_user(row)) for key, row in side.rows.items()})
    assert len(lists(answer(again))) == 1


def test_one_that_turns_out_to_be_bad_becomes_a_dead_letter(side: Side) -> None:
    side.send(avro(1, schema_id=9), avro(2)._replace(key=b"another"))
    letters = out(answer(side), "dead-letters")
    assert sorted(header(letter, "reason") for letter in letters) == ["misrouted", "unknown_schema"]
    assert waiting(side) == 0


def test_no_more_wait_than_fit_into_the_mark(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parked, "MOST_EVENTS", 3)
    outcome = side.send(*(avro(offset) for offset in range(5)))
    assert (outcome.counts["parked"], outcome.counts["dead_letter"], waiting(side)) == (3, 2, 3)
    assert {header(letter, "reason") for letter in out(outcome, "dead-letters")} == {"unknown_schema"}


def test_an_erasure_deletes_what_waits_of_the_person(side: Side) -> None:
    side.send(avro(1), avro(2, "v"))
    side.send(record("erasures", 3, user_id="u", ts=NOW + 50))
    assert waiting(side) == 1
    assert [made.user_id for made in lists(answer(side))] == ["v"]


def test_one_on_which_the_code_raises_is_buried_at_the_second_try(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    side.send(avro(1), avro(2, "v"))
    before = dict(side.memory.parked)

    def raising(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("streamrec.worker.user_batch.signals", lambda row, event, *_: raising() if event.user_id == "u" else [])
    with pytest.raises(RuntimeError, match="boom"):
        answer(side)
    # As the engine does it, nothing of the first try counts.
    side.memory.parked = before
    side.rows.update({key: row for key, row in _parked_rows(side).items() if key not in side.rows})
    outcome = answer(side)
    assert [header(letter, "reason") for letter in out(outcome, "dead-letters")] == ["failed"]
    assert [made.user_id for made in lists(outcome)] == ["v"]


def _parked_rows(side: Side) -> dict[bytes, Any]:
    other = Side()
    other.users.side.schemas = LateSchemas({7: SCHEMA})
    other.send(avro(1), avro(2, "v"))
    return {key: row for key, row in other.rows.items() if key.startswith(PARKED_PREFIX)}


def test_without_a_registry_nothing_waits() -> None:
    (letter,) = out(Side().send(avro(1)), "dead-letters")
    assert header(letter, "reason") == "avro"
