import gc
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from streamrec.errors import BadEvent
from streamrec.events.codec import (
    INPUTS,
    MAX_VALUE_BYTES,
    REASONS,
    TOMBSTONE,
    check_route,
    decode,
    decode_batch,
    encode,
)
from streamrec.events.partitioner import partition_of
from streamrec.events.types import Danmaku, Item, Purchase, View, to_builtins
from tests.events.strategies import NOW_MS, VALID, Record, mutated

inputs = st.sampled_from(INPUTS)
VIEW = {"user_id": "u1", "item_id": "i1", "ts": 1_300_000_000_000}
PURCHASE = VIEW | {"price": 2.5, "currency": "GBP"}
DANMAKU = {"user_id": "u1", "room_id": "r1", "ts": 1_300_000_000_000, "text": "好看"}
ITEM = {"item_id": "i1", "title": "Red mug", "price": 2.5, "currency": "GBP"}


def view(**changes: Any) -> bytes:
    return json.dumps(VIEW | changes, ensure_ascii=False).encode()


def outcome(topic_name: str, value: bytes) -> Struct | BadEvent:
    try:
        return decode(topic_name, value)
    except BadEvent as bad:
        return bad


def reason_of(topic_name: str, value: bytes | None, headers: tuple[tuple[str, bytes], ...] = ()) -> str:
    with pytest.raises(BadEvent) as caught:
        decode(topic_name, value, headers)
    assert caught.value.reason in REASONS
    return caught.value.reason


@given(inputs.flatmap(lambda name: st.tuples(st.just(name), VALID[name])))
def test_what_is_encoded_decodes_to_the_same_event(case: tuple[str, dict[str, Any]]) -> None:
    name, wire = case
    event = decode(name, json.dumps(wire).encode())
    assert decode(name, encode(event)) == event
    for field, value in to_builtins(event).items():
        if field in wire:
            assert value == wire[field]


@given(inputs, st.binary(max_size=300))
def test_any_bytes_decode_or_are_a_bad_event(name: str, value: bytes) -> None:
    event = outcome(name, value)
    assert isinstance(event, Struct) or event.reason in REASONS


@given(inputs.flatmap(lambda name: st.tuples(st.just(name), mutated(name), st.integers(0, 400), st.binary(max_size=3))))
def test_a_damaged_event_decodes_or_is_a_bad_event(case: tuple[str, dict[str, Any], int, bytes]) -> None:
    name, wire, place, noise = case
    value = json.dumps(wire).encode()
    event = outcome(name, value[:place] + noise + value[place + len(noise) :])
    assert isinstance(event, Struct) or event.reason in REASONS


@pytest.mark.parametrize(
    "raw",
    [
        1_300_000_000_000,
        1.3e12,
        "2011-03-13T07:06:40Z",
        "2011-03-13 07:06:40.000Z",
        "2011-03-13T15:06:40.0009+08:00",
    ],
)
def test_event_time_is_milliseconds_or_rfc_3339(raw: object) -> None:
    event = decode("views", view(ts=raw))
    assert isinstance(event, View)
    assert event.ts == 1_300_000_000_000
    assert json.loads(encode(event))["ts"] == 1_300_000_000_000


@given(st.integers(946_684_800_000, NOW_MS), st.integers(-14 * 60, 14 * 60))
def test_text_and_number_of_one_moment_are_one_event_time(ms: int, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    text = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(zone).isoformat()
    assert decode("views", view(ts=text)) == decode("views", view(ts=ms))


@pytest.mark.parametrize(
    "raw",
    [
        0,
        "1970-01-01T00:00:00Z",
        "1999-12-31T23:59:59.999Z",
        946_684_799_999,
        1_300_000_000,
        "2100-01-01T00:00:00Z",
        4_102_444_800_000,
        10**30,
        -1,
        1_300_000_000_000.5,
        "2011-03-13T07:06:40",
        "2011-03-13",
        "yesterday",
        "0001-01-01T00:00:00+23:59",
        None,
        True,
        [],
        {},
    ],
)
def test_an_implausible_time_is_refused(raw: object) -> None:
    assert reason_of("views", view(ts=raw)) == "time"


def test_an_item_may_be_of_no_date_but_not_of_an_implausible_one() -> None:
    decode("items", json.dumps(ITEM | {"created_ts": None}).encode())
    with pytest.raises(BadEvent, match="created_ts") as caught:
        decode("items", json.dumps(ITEM | {"created_ts": 0}).encode())
    assert caught.value.reason == "time"


def test_clocks_may_differ_by_a_day_but_no_more() -> None:
    now = int(time.time() * 1000)
    decode("views", view(ts=now + 86_000_000))
    assert reason_of("views", view(ts=now + 87_000_000)) == "time"


@pytest.mark.parametrize(
    "number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1" * 400, b"-0.01", b"1e13", b'"2.5"', b"null"]
)
def test_a_price_that_is_no_price_is_refused(number: bytes) -> None:
    for name, wire in (("purchases", PURCHASE), ("items", ITEM)):
        assert reason_of(name, json.dumps(wire).encode().replace(b"2.5", number)) in {"malformed", "invalid"}


@pytest.mark.parametrize("title", ["", " ", "\t\n", "\u3000", None, 7, "x" * 501])
def test_an_item_without_a_title_is_refused(title: object) -> None:
    assert reason_of("items", json.dumps(ITEM | {"title": title}).encode()) == "invalid"


def test_an_item_that_lacks_the_field_title_is_refused() -> None:
    with pytest.raises(BadEvent, match="title"):
        decode("items", b'{"item_id":"i1","price":1,"currency":"GBP"}')


@pytest.mark.parametrize("text", ["", "长" * 501, "x" * 1_000_000])
def test_danmaku_of_no_or_too_many_characters_is_refused(text: str) -> None:
    assert reason_of("danmaku", json.dumps(DANMAKU | {"text": text}, ensure_ascii=False).encode()) == "invalid"
    decode("danmaku", json.dumps(DANMAKU | {"text": "长" * 500}, ensure_ascii=False).encode())


def test_a_value_longer_than_the_limit_is_refused_unread() -> None:
    padding = b" " * (MAX_VALUE_BYTES - len(view()))
    decode("views", view() + padding)
    assert reason_of("views", view() + padding + b" ") == "too_large"


@pytest.mark.parametrize("value", [view(user_id="\x01\x02"), view(user_id="")])
def test_an_id_of_control_characters_or_nothing_is_refused(value: bytes) -> None:
    assert reason_of("views", value) == "invalid"


@pytest.mark.parametrize("bad", ["\n", "u1\n", "u\x001", "\x7f", "\x85", "u" * 129])
def test_ids_hold_no_control_characters_not_even_at_the_end(bad: str) -> None:
    for field in ("user_id", "item_id", "room_id", "event_id"):
        assert reason_of("views", view(**{field: bad})) == "invalid"


@pytest.mark.parametrize("currency", ["gbp", "GBPX", "GB", "GBP\n", "", "英镑币"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    assert reason_of("purchases", json.dumps(PURCHASE | {"currency": currency}).encode()) == "invalid"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"not json",
        b"\xef\xbb\xbf" + view(),
        view() + view(),
        view().replace(b"u1", b"u\xff"),
        view(extra="?").replace(b"?", b"\xc3"),
        view().replace(b"u1", b"\\ud800"),
        view().replace(b"u1", b"u\x01"),
        view().decode().encode("utf-16"),
        b"\0\0\0",
    ],
)
def test_what_is_not_json_in_utf_8_is_malformed(value: bytes) -> None:
    assert reason_of("views", value) == "malformed"


@pytest.mark.parametrize("value", [b"[]", b"1", b"null", b'"text"'])
def test_json_that_is_no_object_is_refused(value: bytes) -> None:
    assert reason_of("views", value) == "invalid"


@pytest.mark.parametrize("place", [b'{"a":', b"[", view()[:-1] + b',"extra":', view()[:-1] + b',"extra":[', b'{"user_id":', b'{"ts":['])
def test_a_nesting_bomb_is_a_bad_event_and_no_crash(place: bytes) -> None:
    for opening in (b"[", b'{"a":'):
        value = (place + opening * 500_000)[:MAX_VALUE_BYTES]
        assert reason_of("views", value) in {"malformed", "invalid"}


@given(inputs.flatmap(lambda name: st.tuples(st.just(name), mutated(name))))
def test_the_message_of_a_bad_event_tells_nothing_of_its_content(case: tuple[str, dict[str, Any]]) -> None:
    name, wire = case
    marked = {field: "jane.doe@example.com" + value if isinstance(value, str) else value for field, value in wire.items()}
    event = outcome(name, json.dumps(marked).encode())
    assert isinstance(event, Struct) or "jane" not in str(event)


def test_a_wrong_choice_is_named_by_its_field_only() -> None:
    wire = json.dumps(PURCHASE | {"action": "jane - at `$.x` doe"}).encode()
    with pytest.raises(BadEvent) as caught:
        decode("purchases", wire)
    assert str(caught.value) == "Invalid enum value - at `$.action`"


def test_unknown_fields_are_ignored() -> None:
    assert decode("views", view(added_later={"a": [1, 2]})) == decode("views", view())


def test_a_confluent_frame_around_json_is_taken_off() -> None:
    for body in (view(), b" \n" + view()):
        assert decode("views", b"\0\0\0\x01\x02" + body) == decode("views", view())


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (b"\0\0\0\x01\x02\x04u1\x04i1", ()),
        (b"\0\0\0\x01\x02\x02", ()),
        (b"\0\0\0\x01\x02", ()),
        (b"\x04u1\x04i1", (("content-type", b"application/avro"),)),
    ],
)
def test_an_avro_body_is_named_as_such(value: bytes, headers: tuple[tuple[str, bytes], ...]) -> None:
    assert reason_of("views", value, headers) == "avro"


def test_only_items_rooms_and_rules_can_be_deleted() -> None:
    for name in INPUTS:
        if name in {"items", "rooms", "rules"}:
            assert decode(name, None) is TOMBSTONE
        else:
            assert reason_of(name, None) == "tombstone"


def test_a_batch_keeps_the_order_and_holds_the_bad_in_place() -> None:
    values = [view(user_id="a"), b"?", view(user_id="b"), None]
    events = decode_batch("views", [Record(value=value) for value in values])
    assert [getattr(event, "user_id", None) or event.reason for event in events] == ["a", "malformed", "b", "tombstone"]  # type: ignore[union-attr]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=128), st.integers(1, 64), st.integers(0, 63))
def test_only_the_partition_of_the_key_is_right(user_id: str, partitions: int, partition: int) -> None:
    key = user_id.encode()
    right = partition_of(key, partitions)
    check_route(key, user_id, right, partitions)
    if partition != right:
        with pytest.raises(BadEvent) as caught:
            check_route(key, user_id, partition, partitions)
        assert caught.value.reason == "misrouted"


@pytest.mark.parametrize(("key", "reason"), [(None, "missing_key"), (b"", "missing_key"), (b"u2", "misrouted"), (b"\xff", "misrouted")])
def test_a_key_is_there_and_is_the_user_id(key: bytes | None, reason: str) -> None:
    with pytest.raises(BadEvent) as caught:
        check_route(key, "u1", partition_of(key or b"", 8), 8)
    assert caught.value.reason == reason


def test_what_has_a_default_may_be_left_out() -> None:
    purchase = decode("purchases", json.dumps(PURCHASE).encode())
    danmaku = decode("danmaku", json.dumps(DANMAKU).encode())
    item = decode("items", json.dumps(ITEM).encode())
    assert isinstance(purchase, Purchase)
    assert isinstance(danmaku, Danmaku)
    assert isinstance(item, Item)
    assert (purchase.quantity, purchase.action) == (1, "purchase")
    assert (item.stock, item.available, item.attributes) == (None, True, {})


@pytest.mark.parametrize("encoder", [encode, lambda event: json.dumps(to_builtins(event)).encode()])
def test_event_times_are_numbers_on_the_wire(encoder: Callable[[View], bytes]) -> None:
    event = decode("views", view())
    assert isinstance(event, View)
    assert json.loads(encoder(event))["ts"] == 1_300_000_000_000


def test_events_that_cannot_be_used_hold_nothing_of_their_records() -> None:
    """The worker collects garbage seldom: two gigabytes of dead letters stayed in memory through the tracebacks of their errors."""
    values = [b" " * 100, b"\0", b"\xff", b"[" * 10_000, b'{"user_id": 5}', b"\0\0\0\0\7x"]
    batch = [Record(value=value, offset=offset) for offset, value in enumerate(values)]
    gc.collect()
    gc.disable()
    try:
        events = decode_batch("views", batch)
        assert all(isinstance(event, BadEvent) for event in events)
        del events
        assert gc.collect() == 0
    finally:
        gc.enable()
