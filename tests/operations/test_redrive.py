"""Letters that Kafka or its clients do not take as they are hold up no others, and only real markers count as such."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from streamrec.contract.records import Headers, Outbound, Record
from streamrec.engine.outbox import Outbox
from streamrec.errors import BadEvent
from streamrec.events.dead_letters import MARKER, PREFIX, dead_letter
from streamrec.events.partitioner import partition_of
from streamrec.events.sizes import shortened
from streamrec.operations.letters import Choice, find
from streamrec.operations.redrive import redrive, select
from streamrec.settings import Settings
from tests.engine.support import records
from tests.kafka.raw import Raw, send

pytestmark = pytest.mark.kafka


def letter(settings: Settings, topic: str, key: bytes | None, value: bytes | None, headers: Headers = (), reason: str = "misrouted") -> Raw:
    """The record that the worker would have sent to the topic of dead letters."""
    record = Record(settings.topic(topic), 0, 7, 0, key, value, headers)
    made = shortened(dead_letter(settings.topic("dead-letters"), record, "decode", BadEvent(reason, "no"), 1), 4 << 20)
    return Raw(made.key, made.value, [(name.encode(), content) for name, content in made.headers])


def bury(settings: Settings, *letters: Raw) -> None:
    for one in letters:
        send(settings, "dead-letters", [one], partition=0)


def test_every_letter_that_can_go_goes_and_the_others_are_counted(settings: Settings) -> None:
    null_header: Headers = [("kind", None), ("empty", b"")]
    bury(
        settings,
        letter(settings, "views", b"ann", b"{}", null_header),
        letter(settings, "views", None, None, reason="tombstone"),
        letter(settings, "views", b"", b"", reason="missing_key"),
        letter(settings, "views", b"\xff\xfe", b"\xff"),
        letter(settings, "views", b"big", b" " * 2_000_000, reason="too_large"),
        letter(settings, "views", b"huge", b" " * 5_000_000, reason="too_large"),
        letter(settings, "views", b"wide", b"{}", [("traceparent", b"0" * 5_000_000)]),
        letter(settings, "views", b"k", None, reason="unreadable"),
        letter(settings, "items", None, b"{}", reason="missing_key"),
        letter(settings, "slates", b"k", b"{}"),
        letter(settings, "rules", b"r", b"{}", null_header),
    )
    selection = select(settings, find(settings, Choice()))
    assert selection.left == {
        "not kept whole; the event is still in its topic, at the offset that the letter names": 2,
        "without a key, which their topic does not take": 1,
        "not of a topic that is redriven": 1,
    }
    refused: Counter[str] = Counter()
    assert sum(redrive(settings, selection.letters, left=refused)) == 6
    assert +refused == {"larger than their topic takes": 1}
    back = {record.key: record for record in records(settings, "views")}
    assert back.keys() == {b"ann", None, b"", b"\xff\xfe", b"wide"}
    assert list(back[b"ann"].headers)[:2] == null_header
    assert back[b"ann"].partition == partition_of(b"ann", settings.partitions)
    assert (back[None].value, back[b""].value, back[b"wide"].value) == (None, b"", b"{}")
    assert [record.key for record in records(settings, "rules")] == [b"r"]
    again = select(settings, find(settings, Choice()))
    assert (len(again.letters), again.left["redriven before"]) == (1, 6)


def test_what_a_producer_or_a_reprocessor_copied_is_no_marker(settings: Settings) -> None:
    bury(
        settings,
        letter(settings, "views", b"a", b"{bad"),
        letter(settings, "views", b"a", None, [(MARKER, b"0-0")], reason="tombstone"),
        Raw(b"a", None, [(MARKER.encode(), b"x")]),
        Raw(b"a", None, [(MARKER.encode(), None)]),
        Raw(b"a", None, [(MARKER.encode(), b"\xff")]),
        Raw(b"a", None, [(MARKER.encode(), b"1-0")]),
        Raw(b"a", None, [(MARKER.encode(), b"0-999")]),
        Raw(b"a", None, [(MARKER.encode(), "0-٣".encode())]),
        # Of versions that kept the header: a letter, though it has it.
        Raw(b"a", None, [(MARKER.encode(), b"0-0"), (PREFIX.encode() + b"reason", b"tombstone"), (PREFIX.encode() + b"topic", b"x")]),
    )
    found = find(settings, Choice())
    assert {(str(one.place), one.redriven) for one in found if one.source} == {("0-0", False), ("0-1", False), ("0-8", False)}
    selection = select(settings, [one for one in found if one.source == settings.topic("views")])
    assert sum(redrive(settings, selection.letters)) == 2
    assert {str(one.place) for one in find(settings, Choice()) if one.redriven} == {"0-0", "0-1"}


def test_what_is_too_large_for_its_topic_leaves_as_a_dead_letter(settings: Settings) -> None:
    """Whatever it is: the topic's limit is known from the start, and Kafka's refusal would end the worker."""

    async def run() -> None:
        limits = {settings.topic("recommendations"): 200_000, settings.topic("dead-letters"): 300_000}
        outbox = Outbox(settings, limits)
        await outbox.open()
        bad = Record("views", 0, 1, 0, b"k", b"x" * 900_000, ())
        made = [
            dead_letter(settings.topic("dead-letters"), bad, "decode", BadEvent("invalid", ""), 1),
            _list(settings, b"small", 100),
            _list(settings, b"large", 250_000),
        ]
        await asyncio.gather(*await outbox.send(made))
        await outbox.close()

    asyncio.run(run())
    assert [record.key for record in records(settings, "recommendations")] == [b"small"]
    first, second = sorted(records(settings, "dead-letters"), key=lambda record: record.key)
    assert (first.key, len(first.value)) == (b"k", 37_500)
    assert (second.key, len(second.value)) == (b"large", 250_000)
    headers = dict(second.headers)
    assert (headers[PREFIX + "stage"], headers[PREFIX + "reason"]) == (b"send", b"too_large")


def _list(settings: Settings, key: bytes, size: int) -> Outbound:
    return Outbound(settings.topic("recommendations"), key, b"x" * size)
