"""The replay: which events get a list, in which order, from which state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streamrec.cli.main import app
from streamrec.errors import InputError
from streamrec.evaluation.replay import Line, Replay, read_timeline
from streamrec.events.types import Recommendation
from streamrec.ranking.ranker import Ranker
from tests.shop import DAY, NOW, WordModel, catalogue, item, rule, settings

ITEMS = [item(f"i{number}", f"thing{number}", created_ts=NOW - DAY) for number in range(4)]


def buy(user: str, item_id: str, ts: int, **fields: Any) -> dict[str, Any]:
    return {"topic": "purchases", "user_id": user, "item_id": item_id, "ts": ts, "price": 1, "currency": "GBP", **fields}


def timeline(path: Path, *events: dict[str, Any]) -> list[Line]:
    file = path / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    return read_timeline(file)


def replayed(lines: list[Line], *items: Any, **options: Any) -> list[Recommendation]:
    changes = {name: options.pop(name) for name in ("repeats", "candidates") if name in options}
    used = settings(**changes)
    shop = catalogue(*(items or ITEMS), model=WordModel())
    return list(Replay(used, shop, Ranker(shop, used), **options).run(lines))


def test_events_are_taken_in_time_order_and_ties_in_the_files(tmp_path: Path) -> None:
    lines = timeline(tmp_path, buy("a", "i1", NOW + 5), buy("b", "i1", NOW), buy("c", "i1", NOW))
    assert [made.list_id for made in replayed(lines)] == ["purchases-0-1", "purchases-0-2", "purchases-0-0"]


def test_before_means_that_the_list_does_not_know_the_purchase_and_after_that_it_does(tmp_path: Path) -> None:
    lines = timeline(tmp_path, buy("a", "i1", NOW))
    assert "owned_count" not in replayed(lines, rank="before")[0].items[0].scores
    (after,) = replayed(lines, rank="after")
    assert (after.items[0].item_id, after.generated_ts, after.phases_ms) == ("i1", NOW, {})
    assert after.items[0].scores["owned_count"] > 0


def test_before_makes_one_list_for_an_order_at_its_first_purchase(tmp_path: Path) -> None:
    order = [buy("a", f"i{number}", NOW, order_id="o1") for number in range(3)]
    lines = timeline(tmp_path, *order, buy("b", "i1", NOW, order_id="o1"), buy("a", "i3", NOW + 1, order_id="o2"))
    assert [made.list_id for made in replayed(lines, rank="before")] == ["purchases-0-0", "purchases-0-3", "purchases-0-4"]
    assert len(replayed(lines, rank="after")) == 5


def test_refunds_and_feedback_change_state_and_get_no_list(tmp_path: Path) -> None:
    hide = {"topic": "feedback", "user_id": "a", "list_id": "l", "item_id": "i2", "action": "hide", "ts": NOW + 1}
    lines = timeline(tmp_path, buy("a", "i1", NOW), buy("a", "i1", NOW + 1, action="refund"), hide, buy("a", "i3", NOW + 2))
    first, last = replayed(lines, rank="after")
    assert "i2" in [place.item_id for place in first.items]
    assert "i2" not in [place.item_id for place in last.items]
    owned = {place.item_id: place.scores.get("owned_count", 0.0) for place in last.items}
    assert owned["i1"] == owned["i0"] == 0 < owned["i3"]


def test_only_the_named_topics_from_the_given_time_on_get_lists(tmp_path: Path) -> None:
    view = {"topic": "views", "user_id": "a", "item_id": "i1", "ts": NOW + 3}
    lines = timeline(tmp_path, buy("a", "i1", NOW), buy("a", "i2", NOW + 2), view)
    assert [made.list_id for made in replayed(lines, rank_at=("purchases",), rank_from=NOW + 1)] == ["purchases-0-1"]
    assert [made.list_id for made in replayed(lines, rank_at=("views",))] == ["views-0-2"]


def test_an_item_whose_time_lies_ahead_is_not_known_yet(tmp_path: Path) -> None:
    items = [item("now", created_ts=NOW - 1), item("later", created_ts=NOW + 10)]
    early, late = replayed(timeline(tmp_path, buy("a", "now", NOW), buy("a", "now", NOW + 20)), *items)
    assert [place.item_id for place in early.items] == ["now"]
    assert {place.item_id for place in late.items} == {"now", "later"}


def test_repeats_can_be_left_out(tmp_path: Path) -> None:
    lines = timeline(tmp_path, buy("a", "i1", NOW), buy("a", "i2", NOW + 1))
    assert "i1" not in [place.item_id for place in replayed(lines, repeats="exclude")[1].items]


def test_rooms_open_and_close_in_time(tmp_path: Path) -> None:
    room = {"topic": "rooms", "room_id": "r", "host_id": "h", "shelf": ["i2"]}
    live, ended = room | {"status": "live", "ts": NOW}, room | {"status": "ended", "ts": NOW + 10}
    lines = timeline(tmp_path, live, buy("a", "i1", NOW + 1), ended, buy("a", "i1", NOW + 11))
    open_, closed = replayed(lines, candidates="live")
    assert [(place.item_id, place.room_id) for place in open_.items] == [("i2", "r")]
    assert closed.items == []


def test_item_statistics_are_there_at_once(tmp_path: Path) -> None:
    lines = timeline(tmp_path, buy("a", "i1", NOW), buy("a", "i2", NOW + 1), buy("b", "i1", NOW + 2), buy("b", "i3", NOW + 3))
    last = replayed(lines, rank="before", repeats="exclude")[-1]
    assert last.items[0].item_id == "i2"
    assert last.items[0].scores["covisits"] > 0


def test_a_repeated_event_and_one_of_an_erased_person_get_no_list(tmp_path: Path) -> None:
    erasure = {"topic": "erasures", "user_id": "a", "ts": NOW + 5}
    lines = timeline(tmp_path, buy("a", "i1", NOW, event_id="e"), buy("a", "i1", NOW + 1, event_id="e"), erasure, buy("a", "i1", NOW + 5))
    for rank in ("before", "after"):
        assert len(replayed(lines, rank=rank)) == 1


def test_the_same_file_gives_the_same_lists(tmp_path: Path) -> None:
    lines = timeline(tmp_path, *(buy(f"u{number % 3}", f"i{number % 4}", NOW + number) for number in range(20)))
    assert replayed(lines, rank="after") == replayed(lines, rank="after")


def test_a_line_that_is_no_event_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"events\.jsonl: line 2"):
        timeline(tmp_path, buy("a", "i1", NOW), {"topic": "purchases"})


def test_rules_act_in_a_replay_within_their_times_and_the_list_says_so(tmp_path: Path) -> None:
    lines = timeline(tmp_path, buy("a", "i1", NOW), buy("a", "i2", NOW + DAY))
    used, shop = settings(), catalogue(*ITEMS)
    shop.rules.put(rule("top", "pin", "i3", expires_ts=NOW + DAY))
    shop.rules.put(rule("more", "boost", "i0", factor=2))
    first, second = Replay(used, shop, Ranker(shop, used)).run(lines)
    assert (first.items[0].item_id, first.items[0].reasons[0]) == ("i3", "rule:top")
    assert "rules" in first.items[0].sources
    assert not any("rule:top" in place.reasons for place in second.items)
    boosted = next(place for place in second.items if place.item_id == "i0")
    assert boosted.scores["rule:more"] == pytest.approx(0.693147, abs=1e-5)
    assert sum(boosted.scores.values()) == pytest.approx(boosted.score, abs=1e-5)


def test_in_the_static_protocol_the_state_stands_still_and_each_user_has_one_list(tmp_path: Path) -> None:
    first, second, last = buy("a", "i1", NOW), buy("b", "i2", NOW + 2), buy("a", "i1", NOW + 3)
    made = replayed(timeline(tmp_path, first, buy("a", "i2", NOW + 1), second, last), frozen=True, rank_from=NOW + 1)
    assert [one.list_id for one in made] == ["purchases-0-1", "purchases-0-2"]
    assert {one.trigger.ts for one in made} == {NOW + 1}, "made at the split: what stands still would look the older the later it is asked"
    (without,) = replayed(timeline(tmp_path, first, second), rank_from=NOW + 1)
    assert made[1].items == without.items


@pytest.mark.parametrize(("flags", "explored"), [((), False), (("--explore-slots", "1"), True)])
def test_a_replay_explores_only_when_it_is_asked_to(tmp_path: Path, flags: tuple[str, ...], explored: bool) -> None:
    items = [{"item_id": f"i{number}", "title": "mug", "price": 1, "currency": "GBP", "created_ts": NOW - DAY} for number in range(6)]
    seen = {"topic": "feedback", "user_id": "a", "list_id": "l", "item_id": "i0", "action": "impression", "ts": NOW}
    for name, lines in (("items", items), ("events", [seen, buy("a", "i1", NOW + 1)])):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    lists = tmp_path / "lists.jsonl"
    files = ["--items", str(tmp_path / "items.jsonl"), "--events", str(tmp_path / "events.jsonl"), "--out", str(lists)]
    run = CliRunner().invoke(app, ["replay", *files, "--scoring", "off", "--k", "2", *flags])
    assert run.exit_code == 0, run.output
    (made,) = map(json.loads, lists.read_text().splitlines())
    assert ["propensity" in place for place in made["items"]] == [False, explored]
    assert ("explored" in made["items"][1]["reasons"]) == explored
