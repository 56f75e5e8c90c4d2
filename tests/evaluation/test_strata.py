"""Parts of the lists, debuts, and the static protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streamrec.evaluation.evaluator import COLD, HEAVY, YOUNG, Evaluator
from streamrec.events.files import read_events, read_items
from tests.evaluation.shop import DAY, START, bought, item, ranked, scores, viewed, write


def test_cold_users_have_no_order_before_and_heavy_ones_nine(tmp_path: Path) -> None:
    orders = [bought(user, "a", n * DAY, f"{user}{n}") for user, count in (("eight", 8), ("nine", 9)) for n in range(count)]
    asked = [bought(user, "b", 20 * DAY, f"{user}-last") for user in ("none", "viewer", "eight", "nine")]
    events = [*orders, viewed("viewer", "a", DAY), bought("none", "z", 2, action="refund"), *asked]
    found = scores(tmp_path, events, [ranked(one["user_id"], events.index(one), "b") for one in asked])
    assert [len(found.strata[name]["all"].user) for name in (COLD, HEAVY)] == [2, 1]
    assert found.strata[HEAVY]["all"].metrics["mrr"].tolist() == [1]


def test_a_list_knows_how_many_distinct_items_its_user_had_bought_before(tmp_path: Path) -> None:
    before = [bought("u", name, day * DAY, f"{day}") for day, name in enumerate("aab")]
    events = [*before, bought("u", "c", 5 * DAY, "now"), bought("u", "d", 5 * DAY, "now"), bought("v", "a", 6 * DAY, "first")]
    found = scores(tmp_path, events, [ranked("u", 3, "c"), ranked("v", 5, "a"), ranked("u", 1, "b")]).modes["all"]
    assert found.owned.tolist() == [2, 0, 1]


def test_one_mode_alone_is_scored_as_beside_the_other(tmp_path: Path) -> None:
    events = [bought("u", "a", 0, "1"), bought("u", "a", DAY, "2"), bought("u", "b", DAY, "2")]
    lists = write(tmp_path / "one.jsonl", [ranked("u", 1, "ab")])
    evaluator = Evaluator(read_events(write(tmp_path / "events.jsonl", events)), None, 10)
    for mode, wanted in (("all", 2), ("new", 1)):
        alone, beside = evaluator.scores_in(lists, mode), evaluator.scores(lists).modes[mode]
        assert alone.metrics["recall"].tolist() == beside.metrics["recall"].tolist() == [1]
        assert (alone.metrics["precision"] * 10).tolist() == [wanted]


def test_several_lines_of_one_order_are_one_order(tmp_path: Path) -> None:
    events = [*[bought("u", name, DAY, "1") for name in "abcdefghi"], bought("u", "x", 2 * DAY, "2")]
    assert len(scores(tmp_path, events, [ranked("u", 9, "x")]).strata[HEAVY]["all"].user) == 0


@pytest.mark.parametrize("made_known", [True, False])
def test_young_items_alone_are_relevant_in_their_stratum(tmp_path: Path, made_known: bool) -> None:
    events = [
        bought("v", "new", 40 * DAY, "0"),
        bought("v", "old", 0, "1"),
        bought("u", "new", 61 * DAY, "2"),
        bought("u", "old", 61 * DAY, "2"),
    ]
    birth: dict[str, Any] = {"created_ts": START + 40 * DAY} if made_known else {}
    items = [item("new", **birth), item("old")] if made_known else None
    found = scores(tmp_path, events, [ranked("u", 2, ["old", "new"])], items).strata[YOUNG]["all"]
    assert found.metrics["mrr"].tolist() == [1 / 2]
    later = [event | ({"ts": event["ts"] + 1} if event["user_id"] == "u" else {}) for event in events]
    assert len(scores(tmp_path, later, [ranked("u", 2, ["old", "new"])], items).strata[YOUNG]["all"].user) == 0


def test_an_item_that_the_order_itself_makes_known_counts_neither_in_the_list_nor_as_relevant(tmp_path: Path) -> None:
    now = START + DAY
    events = [bought("u", "debut", DAY, "1"), bought("u", "a", DAY, "1"), bought("v", "debut", 2 * DAY, "2")]
    items = [item("a"), item("b"), item("debut", created_ts=now)]
    found = scores(tmp_path, events, [ranked("u", 0, ["debut", "b", "a"]), ranked("v", 2, ["debut"])], items).modes["all"]
    assert found.metrics["mrr"].tolist() == [1 / 2, 1]
    assert found.metrics["recall"].tolist() == [1, 1]


def test_in_the_static_protocol_all_later_purchases_of_a_user_are_relevant(tmp_path: Path) -> None:
    events = [
        bought("u", "a", 0, "1"),
        bought("u", "b", DAY, "2"),
        bought("u", "c", 2 * DAY, "3"),
        bought("u", "a", 3 * DAY),
        bought("v", "d", 4 * DAY, "9"),
        bought("v", "unknown at the split", 4 * DAY, "9"),
        bought("u", "late", 5 * DAY, "10"),
    ]
    items = [*map(item, "abcd"), item("unknown at the split", created_ts=START + 3 * DAY), item("late", created_ts=START + 5 * DAY)]
    write(tmp_path / "lists.jsonl", [ranked("u", 1, "xbca"), ranked("u", 2, "zzz"[:1]), ranked("v", 4, "ad")])
    events_path, items_path = write(tmp_path / "events.jsonl", events), write(tmp_path / "items.jsonl", items)
    found = Evaluator(read_events(events_path), read_items(items_path), 10, split=START + DAY).scores(tmp_path / "lists.jsonl")
    assert found.repeated == 1
    assert found.modes["all"].metrics["precision"].tolist() == pytest.approx([0.3, 0.1])
    assert found.modes["all"].metrics["recall"].tolist() == [1, 1]
    assert found.modes["new"].metrics["precision"].tolist() == pytest.approx([0.2, 0.1])
