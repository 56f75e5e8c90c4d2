from dataclasses import replace
from typing import Any

import pytest

from streamrec.cli.dlq import _time
from streamrec.contract.records import Outbound
from streamrec.errors import BadEvent, InputError
from streamrec.events.codec import REASONS
from streamrec.events.dead_letters import NEXT_STEPS, dead_letter
from streamrec.operations import redrive
from streamrec.operations.letters import Choice, Letter, LetterPlace, as_data, letter_of, place_of
from tests.events.strategies import Record

EVENT = Record(topic="p.views", partition=1, offset=5, headers=(("a", b"b"),))
SENT = dead_letter("p.dead-letters", EVENT, "decode", BadEvent("time", "too early"), 99)


def read(sent: Outbound, **changes: Any) -> Letter:
    return letter_of(Record("p.dead-letters", 3, 17, 100, sent.key, sent.value, tuple(sent.headers))._replace(**changes))


LETTER = read(SENT)


def test_a_letter_says_what_its_headers_say() -> None:
    assert as_data(LETTER, "p.") == {
        "letter": "3-17",
        "failed_ms": 99,
        "topic": "views",
        "partition": 1,
        "offset": 5,
        "stage": "decode",
        "reason": "time",
        "message": "too early",
        "attempts": 1,
        "redriven": False,
    }
    assert (LETTER.key, LETTER.value, LETTER.headers[0]) == (b"u1", b"{}", ("a", b"b"))


def test_a_record_that_somebody_else_put_there_is_read_as_far_as_it_goes() -> None:
    stranger = read(SENT, headers=(("streamrec.errors.offset", b"x"), ("streamrec.errors.topic", b"\xff")))
    assert (stranger.source_offset, stranger.reason, stranger.failed_ms) == (-1, "", 100)


@pytest.mark.parametrize("number", ["9" * 20, "9223372036854775807", "²", "-1", "1e9"])
def test_a_number_that_somebody_else_made_up_stops_no_command(number: str) -> None:
    names = ("timestamp", "attempts", "offset", "partition")
    letter = read(SENT, headers=[(f"streamrec.errors.{name}", number.encode()) for name in names])
    assert 0 <= letter.failed_ms < 10**18
    assert _time(9 * 10**17) == "no time"


@pytest.mark.parametrize(
    ("choice", "taken"),
    [
        (Choice(), True),
        (Choice(reasons=["time", "avro"]), True),
        (Choice(reasons=["avro"]), False),
        (Choice(topics=["views"]), True),
        (Choice(topics=["p.views"]), False),
        (Choice(stages=["apply"]), False),
        (Choice(since_ms=99), True),
        (Choice(since_ms=100), False),
        (Choice(until_ms=99), False),
        (Choice(until_ms=100), True),
        (Choice(places=[LetterPlace(3, 17)]), True),
        (Choice(places=[LetterPlace(17, 3)]), False),
        (Choice(reasons=["time"], topics=["items"]), False),
    ],
)
def test_a_letter_is_chosen_by_all_that_is_asked_for(choice: Choice, taken: bool) -> None:
    assert choice.takes(LETTER, "p.") is taken


def test_places_are_written_as_they_are_read() -> None:
    assert place_of(str(LetterPlace(3, 17))) == LetterPlace(3, 17)
    for text in ("", "3", "3-", "-3", "a-1", "views-0-1", "3-1 "):
        with pytest.raises(InputError, match="dlq ls"):
            place_of(text)


def test_every_reason_has_a_next_step() -> None:
    assert NEXT_STEPS.keys() == REASONS.keys()


def test_a_transaction_is_bounded_by_letters_and_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redrive, "CHUNK", 3)
    monkeypatch.setattr(redrive, "CHUNK_BYTES", 10)
    sizes = [1, 1, 1, 1, 30, 1, 9, 9, 9]
    letters = iter([replace(LETTER, value=b"x" * size) for size in sizes])
    chunks = []
    while chunk := list(redrive._chunk(letters)):
        chunks.append([len(letter.value or b"") for letter in chunk])
    assert chunks == [[1, 1, 1], [1, 30], [1, 9], [9, 9]]
