"""CloudEvents: lists carry their headers, and events without an id of their own are known by them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from streamrec.events.cloud_events import cloud_event_headers
from streamrec.events.codec import decode, decode_batch
from streamrec.events.types import View
from tests.events.strategies import Record
from tests.events.test_codec import view

CLOUD_EVENT = (("ce_specversion", b"1.0"), ("ce_id", b"17"), ("ce_source", b"/checkout"), ("ce_type", b"shop.view"))


def test_lists_carry_cloud_event_headers_and_the_trace() -> None:
    trace = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = dict(cloud_event_headers("views-3-17", "streamrec.recommendation", trace, time_ms=1_300_000_000_123))
    assert headers == {
        "ce_specversion": b"1.0",
        "ce_id": b"views-3-17",
        "ce_source": b"/streamrec",
        "ce_type": b"streamrec.recommendation",
        "ce_time": b"2011-03-13T07:06:40.123Z",
        "content-type": b"application/json",
        "traceparent": trace,
    }


def test_without_a_trace_none_is_made_up_and_the_time_is_now() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    headers = dict(cloud_event_headers("views-3-17", "streamrec.recommendation"))
    assert "traceparent" not in headers
    assert before <= datetime.fromisoformat(headers["ce_time"].decode()) <= datetime.now(UTC)


def known_as(headers: tuple[tuple[str, bytes], ...], **changes: Any) -> str | None:
    (event,) = decode_batch("views", [Record(value=view(**changes), headers=headers)])
    assert isinstance(event, View)
    return event.event_id


def test_a_cloud_event_is_known_by_its_source_and_id() -> None:
    assert known_as(CLOUD_EVENT) == "/checkout#17"
    assert known_as((*CLOUD_EVENT, ("ce_source", b"/basket"))) == "/basket#17"


def test_the_event_id_in_the_value_goes_before_that_of_the_headers() -> None:
    assert known_as(CLOUD_EVENT, event_id="e1") == "e1"


@pytest.mark.parametrize("missing", ["ce_specversion", "ce_id", "ce_source"])
def test_headers_that_make_no_cloud_event_give_no_id(missing: str) -> None:
    assert known_as(tuple(one for one in CLOUD_EVENT if one[0] != missing)) is None
    assert known_as((*CLOUD_EVENT, (missing, b""))) is None


@pytest.mark.parametrize("odd", [b"x" * 200, b"\xff\xfe", b"a\nb"])
def test_an_id_that_would_be_none_of_ours_is_known_by_its_hash(odd: bytes) -> None:
    found, other = known_as((*CLOUD_EVENT, ("ce_id", odd))), known_as((*CLOUD_EVENT, ("ce_id", odd + b"1")))
    assert found is not None
    assert len(found) == 32
    assert found != other


def test_the_headers_of_items_and_erasures_do_not_matter() -> None:
    erasure = json.dumps({"user_id": "u1", "ts": 1_300_000_000_000}).encode()
    assert decode_batch("erasures", [Record(value=erasure, headers=CLOUD_EVENT)]) == [decode("erasures", erasure)]
