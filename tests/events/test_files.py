"""Files of events are read whichever program saved them, and what cannot be read is named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from streamrec.errors import InputError
from streamrec.events.files import read_events, read_items, read_lines

MUG = json.dumps({"item_id": "mug", "title": "Mug\u2028\u0085 two", "price": 1, "currency": "GBP"}, ensure_ascii=False).encode()
VIEW = b'{"topic": "views", "user_id": "u", "item_id": "mug", "ts": 1700000000000}'


@pytest.mark.parametrize("packed", [False, True])
def test_a_byte_order_mark_is_passed_over(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("items.jsonl.gz" if packed else "items.jsonl")
    content = b"\xef\xbb\xbf" + MUG + b"\r\n\r\n" + MUG.replace(b'"mug"', b'"cup"')
    path.write_bytes(gzip.compress(content) if packed else content)
    assert [item.item_id for item in read_items(path)] == ["mug", "cup"]
    assert [number for number, _ in read_lines(path)] == [0, 2]
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + VIEW) if packed else b"\xef\xbb\xbf" + VIEW)
    assert [event.topic for event in read_events(path)] == ["views"]


def test_a_file_of_nothing_but_the_mark_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    for content in (b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n\n"):
        path.write_bytes(content)
        assert list(read_events(path)) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf_16_is_named(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes((b"" if encoding == "utf-16" else b"\xfe\xff") + VIEW.decode().encode(encoding))
    with pytest.raises(InputError, match="is in UTF-16; convert it to UTF-8"):
        list(read_events(path))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"{", "Input data was truncated"),
        (VIEW[:-1] + b', "channel": "caf\xe9"}', "not UTF-8"),
        (b'{"topic": "vews"}', "no events of a topic"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: bytes, complaint: str) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(VIEW + b"\n" + line)
    with pytest.raises(InputError, match=rf"line 2: .*{complaint}.*; correct or remove the line"):
        list(read_events(path))
