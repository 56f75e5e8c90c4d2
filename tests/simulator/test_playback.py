"""Files of real events: played as they are, and refused by file and line."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest

from streamrec.errors import InputError
from streamrec.simulator.messages import RETIMED
from streamrec.simulator.playback import event_messages, item_messages

BOUGHT = b'{"topic":"purchases","user_id":"u1","item_id":"i1","ts":1300000000000,"price":1.5,"currency":"GBP"}\n'
RETURNED = b'{"topic":"purchases","user_id":"u2","item_id":"i1","ts":1300000000001,"price":1.5,"currency":"GBP","action":"refund"}\n'


def write(folder: Path, content: bytes, name: str = "events.jsonl") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("name", ["events.jsonl", "events.jsonl.gz"])
def test_events_keep_their_order_key_and_time(tmp_path: Path, name: str) -> None:
    played = list(event_messages(write(tmp_path, BOUGHT + b"\n" + RETURNED, name), "keep", lambda: 7))
    assert [(message.topic, message.key, message.trigger, message.headers) for message in played] == [
        ("purchases", b"u1", True, ()),
        ("purchases", b"u2", False, ()),
    ]
    assert [msgspec.json.decode(message.value)["ts"] for message in played] == [1300000000000, 1300000000001]
    assert "topic" not in msgspec.json.decode(played[0].value)


def test_times_of_sending_are_marked_as_changed(tmp_path: Path) -> None:
    (played,) = event_messages(write(tmp_path, BOUGHT), "now", lambda: 7)
    assert msgspec.json.decode(played.value)["ts"] == 7
    assert played.headers == RETIMED


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (BOUGHT + b"{not json}\n", "events.jsonl: line 2: "),
        (BOUGHT + b"[1]\n", "events.jsonl: line 2: "),
        (b'{"user_id":"u1"}\n', "the topic is None"),
        (b'{"topic":"purchase","user_id":"u1"}\n', "line 1: the topic is 'purchase', not one of views, purchases"),
        (b'{"topic":"views","item_id":"i1"}\n', "line 1: 'user_id' is missing"),
    ],
)
def test_a_line_that_cannot_be_played_is_named(tmp_path: Path, content: bytes, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        list(event_messages(write(tmp_path, content), "keep", lambda: 7))


def test_a_cut_gzip_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(BOUGHT * 1000)[:-20])
    with pytest.raises(InputError, match=r"events\.jsonl\.gz cannot be read"):
        list(event_messages(path, "keep", lambda: 7))


def test_items_are_keyed_by_their_id(tmp_path: Path) -> None:
    path = write(tmp_path, b'{"item_id":"i1","title":"Cup","price":1,"currency":"GBP"}\n', "items.jsonl")
    assert [(message.topic, message.key) for message in item_messages(path)] == [("items", b"i1")]
