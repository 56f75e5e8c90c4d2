"""Amazon reviews as events: the order is that of the files."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streamrec.cli.dataset import app
from streamrec.datasets.amazon import read_reviews
from streamrec.errors import InputError
from streamrec.events.files import read_events, read_items
from streamrec.system.clock import HOUR_MS

HEAD = "user_id,history_item_title,item_title,history_item_id,item_id\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Tools.valid.csv").write_text(HEAD + 'u,"[]",x,"[1, 2]",3\nv,"[]",x,"[1]",1\n')
    with gzip.open(tmp_path / "Tools.test.csv.gz", "wt") as file:
        file.write(HEAD + 'u,"[]",x,"[1, 2, 3]",4\nw,"[]",x,"[4, 1, 2]",2\n')
    texts = {"title": " A  drill ", "description": "['Strong.', 'Red.']", "brand": "Acme", "categories": ""}
    items: dict[str, Any] = dict.fromkeys("1234", texts) | {"4": {"title": "", "description": "not a list", "brand": ""}}
    (tmp_path / "Tools.item.json").write_text(json.dumps(items))
    return tmp_path


def test_what_each_user_took_is_in_their_order_and_the_rows_in_that_of_the_files(folder: Path) -> None:
    reviews = read_reviews(folder, "Tools")
    of_user = {name: [item for user, item in reviews.taken if user == name] for name in "uvw"}
    assert of_user == {"u": ["1", "2", "3", "4"], "v": ["1", "1"], "w": ["4", "1", "2", "2"]}
    assert reviews.taken[-4:] == [("u", "3"), ("v", "1"), ("u", "4"), ("w", "2")]
    events = list(reviews.events())
    assert [late["ts"] - early["ts"] for early, late in pairwise(events)] == [HOUR_MS] * 9
    assert [events[-4]["ts"], events[-2]["ts"]] == [reviews.valid_from, reviews.test_from]


def test_the_command_writes_items_and_events_that_streamrec_reads(folder: Path) -> None:
    done = CliRunner().invoke(app, ["amazon", str(folder), str(folder / "out"), "--category", "Tools", "--json"])
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert (summary["items"], summary["events"]) == (4, 10)
    items = {item.item_id: item for item in read_items(folder / "out" / "items.jsonl")}
    assert (items["1"].title, items["1"].brand, items["1"].description) == ("A drill", "Acme", "Strong. Red.")
    assert (items["4"].title, items["4"].brand, items["4"].description) == ("4", None, "not a list")
    assert len(list(read_events(folder / "out" / "events.jsonl"))) == 10


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("Tools.valid.csv", None, r"has no Tools\.valid\.csv or Tools\.valid\.csv\.gz"),
        ("Tools.valid.csv", "user_id,item_id\n", r"line 1 lacks the columns history_item_id"),
        ("Tools.valid.csv", HEAD + "u,[],x,[1,2\n", r"Tools\.valid\.csv: line 2 cannot be read"),
        ("Tools.valid.csv", HEAD + 'u,x,x,"[1]",3\nu,x,"x,"[1]",4\n', r"Tools\.valid\.csv: line 3 is no row of CSV"),
        ("Tools.valid.csv", HEAD + 'u,x,"x,[1],4\nu,x,x,[1],"4"\n', r"Tools\.valid\.csv: line 2"),
        ("Tools.valid.csv", HEAD + "u,x,x,\"'12'\",3\n", r"Tools\.valid\.csv: line 2 cannot be read \(history_item_id is .* no list"),
        ("Tools.valid.csv", HEAD + f'u,x,x,"{"[" * 5000}",3\n', r"Tools\.valid\.csv: line 2 cannot be read"),
        ("Tools.item.json", "[]", r"Tools\.item\.json cannot be read"),
        ("Tools.item.json", "{", r"Tools\.item\.json cannot be read"),
        ("Tools.item.json", "[" * 200_000, r"Tools\.item\.json cannot be read"),
    ],
)
def test_what_is_missing_or_wrong_is_named(folder: Path, name: str, content: str | None, complaint: str) -> None:
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_text(content)
    with pytest.raises(InputError, match=complaint):
        read_reviews(folder, "Tools")


def test_an_item_without_a_usable_title_has_its_id_and_entities_are_signs(folder: Path) -> None:
    items = {
        "1": {"brand": "Acme &amp; Co"},
        "2": {"title": None, "brand": None, "description": None},
        "3": {"title": "var aPageStart = (new Date()).getTime();", "brand": float("nan")},
        "4": {"title": "Nuts &amp; bolts &ndash; 5&quot;", "description": "['A &lt;b&gt;']"},
        "5": None,
        "6": {"title": "\ud800 lamp"},
        "x" * 200: {"title": "too long an id"},
    }
    (folder / "Tools.item.json").write_text("\ufeff" + json.dumps(items), encoding="utf-8")
    done = CliRunner().invoke(app, ["amazon", str(folder), str(folder / "out"), "--category", "Tools", "--json"])
    assert done.exit_code == 0, done.output
    read = {item.item_id: item for item in read_items(folder / "out" / "items.jsonl")}
    titles = {"1": "1", "2": "2", "3": "3", "4": 'Nuts & bolts – 5"', "5": "5", "6": "? lamp"}
    assert {name: item.title for name, item in read.items()} == titles
    assert (read["1"].brand, read["2"].brand, read["3"].brand, read["4"].description) == ("Acme & Co", None, None, "A <b>")
    summary = json.loads(done.stdout)
    assert list(summary["left_out"].values()) == [1]
    assert "item 'xxxx" in done.stdout


def test_rows_that_make_no_valid_event_are_left_out_with_their_lines(folder: Path) -> None:
    with (folder / "Tools.valid.csv").open("a") as file:
        file.write(f'"",x,x,"[1]",1\n{"u" * 129},x,x,"[1]",1\nu,x,x,"[\'\']",1\nu,x,x,"[1]",\n')
    reviews = read_reviews(folder, "Tools")
    assert len(list(reviews.events())) == 10
    assert reviews.left_out.counts.total() == 4
    assert {place for places in reviews.left_out.places.values() for place in places} == {
        f"Tools.valid.csv line {line}" for line in range(4, 8)
    }
