"""Lists and dead letters as the page gets them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from streamrec.contract.records import Outbound
from streamrec.events.codec import encode
from streamrec.events.types import ModelRef, Recommendation, Trigger
from streamrec.web.showing import People, Shown


def shown(value: bytes | None, offset: int = 4) -> Shown:
    ranked = Recommendation(
        list_id="views-0-4",
        user_id="ann",
        trigger=Trigger(topic="views", partition=0, offset=4, event_id="e", ts=1),
        generated_ts=5,
        items=[],
        model=ModelRef(name="none", revision="", provider="none"),
        weights_version="w",
        seq=1,
        covers=[("views", 0, 4)],
        arm="default",
    )
    cause: Any = SimpleNamespace(topic="views", partition=0, offset=offset, timestamp=2, value=value)
    return Shown.of(Outbound("lists", b"ann", encode(ranked)), [cause])


@pytest.mark.parametrize("value", [None, b"", b"\x00\x00\x00\x00\x01\x06avro{", b"nonsense"])
def test_a_trigger_that_is_no_json_is_shown_without_its_content(value: bytes | None) -> None:
    message = shown(value).message("", People(show=True), ({}, {}))
    assert (message["item"], message["text"]) == (None, None)


def test_a_trigger_behind_the_confluent_frame_is_shown() -> None:
    one = shown(b'\x00\x00\x00\x00\x01{"item_id":"mug"}')
    assert one.needs()[0] == {"mug"}
    assert one.message("", People(show=False), ({"mug": "Mug"}, {}))["item"] == "Mug"


def test_another_record_is_not_taken_for_the_trigger() -> None:
    message = shown(b'{"item_id":"mug"}', offset=5).message("", People(show=True), ({}, {}))
    assert (message["item"], message["waited_ms"]) == (None, None)


def test_a_pseudonym_is_the_same_for_one_viewer_and_another_for_each_process() -> None:
    people = People(show=False)
    assert people.name(b"ann") == people.name(b"ann") != people.name(b"bob")
    assert people.name(b"ann") != People(show=False).name(b"ann")
    assert people.meant(b"ann", "ann")
    assert people.meant(b"ann", people.name(b"ann"))
    assert not people.meant(b"bob", people.name(b"ann"))
