from hypothesis import given
from hypothesis import strategies as st

from streamrec.errors import BadEvent
from streamrec.events.dead_letters import dead_letter
from tests.events.strategies import Record

BAD = BadEvent("invalid", "Object missing required field `user_id`")
raw = st.none() | st.binary(max_size=50)
foreign = st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=8))).map(tuple)


@given(raw, raw, foreign)
def test_key_value_and_foreign_headers_are_untouched(
    key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes], ...]
) -> None:
    letter = dead_letter("streamrec.dead-letters", Record(key=key, value=value, headers=headers), "decode", BAD, 5)
    assert (letter.topic, letter.key, letter.value) == ("streamrec.dead-letters", key, value)
    assert tuple(letter.headers[: len(headers)]) == headers


def test_the_headers_tell_where_and_why() -> None:
    letter = dead_letter("dead", Record("streamrec.views", 3, 17), "decode", BAD, 1_300_000_000_000)
    assert dict(letter.headers) == {
        "streamrec.errors.topic": b"streamrec.views",
        "streamrec.errors.partition": b"3",
        "streamrec.errors.offset": b"17",
        "streamrec.errors.stage": b"decode",
        "streamrec.errors.reason": b"invalid",
        "streamrec.errors.message": b"Object missing required field `user_id`",
        "streamrec.errors.timestamp": b"1300000000000",
        "streamrec.errors.attempts": b"1",
    }


def test_a_second_failure_replaces_the_context_and_counts_on() -> None:
    first = dead_letter("dead", Record("streamrec.views", 3, 17, headers=(("app", b"x"),)), "decode", BAD, 1)
    again = Record("streamrec.views", 3, 99, value=first.value, headers=tuple(first.headers))
    second = dead_letter("dead", again, "decode", BadEvent("time", "late"), 2)
    names = [name for name, _ in second.headers]
    headers = dict(second.headers)
    assert len(names) == len(set(names)) == 9
    assert headers["app"] == b"x"
    assert (headers["streamrec.errors.offset"], headers["streamrec.errors.reason"]) == (b"99", b"time")
    assert headers["streamrec.errors.attempts"] == b"2"


def test_a_count_that_is_no_number_starts_anew() -> None:
    for former in (b"many", b"-1", b"", b"9" * 50, "٣".encode()):
        record = Record(headers=(("streamrec.errors.attempts", former),))
        assert dict(dead_letter("dead", record, "decode", BAD, 1).headers)["streamrec.errors.attempts"] == b"1"
