import gzip
import json
from pathlib import Path

import pytest

from streamrec.errors import InputError
from streamrec.evaluation.list_files import read_lists
from streamrec.events.files import read_events, read_items
from tests.evaluation.shop import bought, item, ranked

EVENT, LIST = json.dumps(bought("u", "a", 0)), json.dumps(ranked("u", 0, "ab"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "in.jsonl"


def test_lines_are_counted_with_the_blank_ones(path: Path) -> None:
    path.write_text(f"{EVENT}\n\n  \r\n{EVENT}\r\n")
    assert [event.line for event in read_events(path)] == [0, 3]


def test_compressed_files_read_like_others(tmp_path: Path) -> None:
    packed = tmp_path / "in.jsonl.gz"
    packed.write_bytes(gzip.compress(f"{LIST}\n{LIST}".encode()))
    assert [one.line for one in read_lists(packed)] == [0, 1]


def test_places_are_read_in_the_order_of_their_ranks(path: Path) -> None:
    wire = ranked("u", 0, "abc")
    wire["items"].reverse()
    path.write_text(json.dumps(wire))
    assert [place.item_id for place in read_lists(path)[0].items] == ["a", "b", "c"]


def test_the_last_line_of_an_item_counts(path: Path) -> None:
    path.write_text("\n".join(json.dumps(item("a", title)) for title in ("Old", "New")))
    assert [one.title for one in read_items(path)] == ["New"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "truncated"),
        ("[]", "Expected `object`"),
        ('{"user_id":"u"}', "topic"),
        (EVENT.replace("purchases", "sales"), "name one of views, purchases"),
        (EVENT.replace('"price": 1', '"price": NaN'), "malformed"),
        (EVENT.replace('"GBP"', '"pounds"'), "currency"),
        (EVENT.replace("1300000000000", "5"), "2000-01-01"),
        ("[" * 100_000, "."),
        ('{"topic":"views","x":' + "[" * 100_000, "."),
    ],
)
def test_a_wrong_event_is_named_by_file_and_line(path: Path, line: str, words: str) -> None:
    path.write_text(f"{EVENT}\n{line}\n")
    with pytest.raises(InputError, match=words) as caught:
        list(read_events(path))
    assert str(caught.value).startswith(f"{path}: line 2: ")


@pytest.mark.parametrize(
    "line", [b"{", b"{}", b"\xff", LIST.replace('"b"', '"a"').encode(), LIST.replace('"rank": 1', '"rank": "x"').encode()]
)
def test_a_wrong_list_is_named_by_file_and_line(path: Path, line: bytes) -> None:
    path.write_bytes(LIST.encode() + b"\n" + line)
    with pytest.raises(InputError) as caught:
        read_lists(path)
    assert str(caught.value).startswith(f"{path}: line 2: ")


def test_an_item_without_a_title_is_named_by_file_and_line(path: Path) -> None:
    path.write_text(json.dumps(item("a")) + "\n" + '{"item_id":"b","price":1,"currency":"GBP"}')
    with pytest.raises(InputError, match=r"in\.jsonl: line 2: .*title"):
        read_items(path)


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(b"{}" * 100)[:-12], b"\x1f\x8b\x08\0\0\0\0\0\0\0\xff\xff"])
def test_a_damaged_archive_is_named(tmp_path: Path, content: bytes) -> None:
    packed = tmp_path / "in.jsonl.gz"
    packed.write_bytes(content)
    with pytest.raises(InputError, match=r"in\.jsonl\.gz cannot be read"):
        read_lists(packed)


def test_a_file_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(InputError, match=r"in\.jsonl cannot be read: .*No such file"):
        list(read_events(path))
