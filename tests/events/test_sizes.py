from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from streamrec.errors import BadEvent
from streamrec.events.dead_letters import PREFIX, dead_letter
from streamrec.events.sizes import CUT, KEPT_BYTES, shortened, size_of
from tests.events.strategies import Record

BAD = BadEvent("too_large", "the value is too long")
LIMIT = 1 << 20

parts = st.none() | st.sampled_from([0, 1, 70_000, 700_000, 3_000_000]).map(bytes)
names = st.tuples(st.sampled_from(["n", "ü"]), st.sampled_from([1, 5, 200_000])).map(lambda pair: pair[0] * pair[1])


@given(parts, parts, st.lists(st.tuples(names, parts), max_size=4), st.sampled_from([0, 50_000]))
def test_a_letter_fits_its_topic_whatever_it_is_made_of(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]], more: int
) -> None:
    record = Record(key=key, value=value, headers=(*headers, *[("h", b"")] * more))
    letter = dead_letter("dead", record, "decode", BAD, 1)
    short = shortened(letter, LIMIT)
    assert size_of(short.key, short.value, short.headers) <= LIMIT
    assert {name for name, _ in letter.headers if name.startswith(PREFIX)} <= {name for name, _ in short.headers}
    assert (short.key is None, short.value is None) == (key is None, value is None)
    assert (key or b"").startswith(short.key or b"")
    assert (value or b"").startswith(short.value or b"")


@given(st.binary(max_size=50), st.lists(st.tuples(st.text(max_size=8), st.none() | st.binary(max_size=8))))
def test_a_letter_that_fits_is_as_it_was(value: bytes, headers: list[tuple[str, bytes | None]]) -> None:
    letter = dead_letter("dead", Record(value=value, headers=tuple(headers)), "decode", BAD, 1)
    assert shortened(letter, LIMIT) is letter


def test_what_was_cut_is_told_with_its_length_and_digest() -> None:
    value = b"{" + b" " * 5_000_000
    short = shortened(dead_letter("dead", Record(key=b"u1", value=value, headers=(("small", b"1"),)), "decode", BAD, 1), LIMIT)
    assert (short.key, short.value) == (b"u1", value[:KEPT_BYTES])
    headers = dict(short.headers)
    assert headers["small"] == b"1"
    assert headers[CUT] == f"value: {len(value)} bytes, sha256 {sha256(value).hexdigest()}".encode()


def test_a_large_header_gives_way_before_a_small_value_does() -> None:
    record = Record(key=b"u1", value=b"{}", headers=(("traceparent", b"0" * 6_000_000),))
    short = shortened(dead_letter("dead", record, "decode", BAD, 1), LIMIT)
    assert short.value == b"{}"
    assert (dict(short.headers)[CUT] or b"").startswith(b"header traceparent: 6000000 bytes, ")
