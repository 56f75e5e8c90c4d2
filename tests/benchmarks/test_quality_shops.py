"""What the quality benchmark is asked for, the shops that it measures, and its study of texts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("scipy")

from benchmarks.quality import text
from benchmarks.quality.__main__ import arguments, spans, text_since
from benchmarks.quality.figures import study
from benchmarks.quality.periods import month_of
from benchmarks.quality.report import tables
from benchmarks.quality.shops import CATEGORY, amazon, file
from streamrec.bert.folder import SHIPPED
from streamrec.datasets.listings import first_sales, relist
from streamrec.errors import InputError
from streamrec.events.files import read_events, read_items
from tests.benchmarks.months import DAY, PERIOD, shop
from tests.evaluation.shop import START, bought, item, write


def test_a_shop_is_measured_over_its_four_months_and_the_sample_over_the_last(tmp_path: Path) -> None:
    found = spans(arguments(["--data", str(tmp_path)]))
    assert [period.name for period in found] == ["2011-07", "2011-08", "2011-09", "2011-10"]
    assert {(period.since - period.learn_from) // DAY for period in found} == {92}
    (sample,), (week,) = spans(arguments([])), spans(arguments(["--quick"]))
    assert (sample.name, week.name) == ("2011-10", "2011-10")
    # The sample's history begins on 1 September.
    assert "2011-09" == month_of(sample.learn_from) < month_of(week.learn_from)
    assert (week.until - week.since) // DAY == 7
    with pytest.raises(InputError, match="nothing lies between"):
        spans(arguments(["--from", "2012-01-01"]))


def test_until_when_an_encoder_was_trained_is_known_or_asked_for(tmp_path: Path) -> None:
    known = text_since(arguments([]))
    assert text_since(arguments(["--model", str(SHIPPED.parent / "." / SHIPPED.name)])) == known
    with pytest.raises(InputError, match="say with --text-since"):
        text_since(arguments(["--model", str(tmp_path)]))
    assert str(text_since(arguments(["--model", str(tmp_path), "--text-since", "2011-06-01"]))) == "2011-06-01"


def test_items_are_listed_by_their_first_sale_in_the_events(tmp_path: Path) -> None:
    sold = [bought("u", "a", DAY, "1", action="refund"), bought("u", "a", 3 * DAY, "2"), bought("v", "a", 2 * DAY, "3")]
    write(tmp_path / "events.jsonl", sold)
    write(tmp_path / "items.jsonl", [item("a", created_ts=START), item("b", created_ts=START)])
    sales = first_sales(line.event for line in read_events(file(tmp_path, "events")))
    assert sales == {"a": START + 2 * DAY}
    for form, created in (("first-sale", START + 2 * DAY), ("3", START - DAY), ("never", None)):
        relist(file(tmp_path, "items"), sales, form, tmp_path / form / "items.jsonl")
        assert [one.created_ts for one in read_items(tmp_path / form / "items.jsonl")] == [created, START]
    with pytest.raises(InputError, match=r"has no events\.jsonl or events\.jsonl\.gz"):
        file(tmp_path / "3", "events")


def test_of_the_reviews_the_last_rows_are_measured_and_those_before_learned_from(tmp_path: Path) -> None:
    head = "user_id,history_item_id,item_id\n"
    for part, row in (("valid", 'u,"[1, 2]",3\n'), ("test", 'u,"[1, 2, 3]",4\nw,"[4, 1]",2\n')):
        (tmp_path / f"{CATEGORY}.{part}.csv").write_text(head + row)
    (tmp_path / f"{CATEGORY}.item.json").write_text(json.dumps({name: {"title": "drill"} for name in "1234"}))
    data = amazon(tmp_path, tmp_path / "work", SHIPPED)
    (period,) = data.periods
    times = [event.event.ts for event in read_events(data.events)]
    assert [
        sum(since <= ts < until for ts in times) for since, until in ((period.since, period.until), (period.learn_from, period.since))
    ] == [2, 1]
    assert data.text_of(period) == 0


def test_the_study_of_texts_compares_one_blend_with_and_without_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = shop(tmp_path, "first-of-month")
    out = data.lists("text-none", "all", PERIOD).parent
    files = ["--items", str(data.items), "--events", str(data.events), "--model", str(data.model), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["text", *files, "--from", str(PERIOD.since), "--until", str(PERIOD.until)])
    text.main()
    found = study(data, PERIOD)
    for mode in ("all", "new"):
        assert {*found[mode]["systems"]} == {"text-none", "text-tf-idf", "text-fine-tuned"}
        assert {*found[mode]["fine-tuned over"]} == {"text-none", "text-tf-idf"}
    assert found["never_sold"]["orders"] > 0
    assert "| tf-idf | " in tables({"forms": {}, "text": found, "notes": [], "goals": []})
