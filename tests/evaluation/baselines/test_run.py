"""The protocol of the baselines, on little shops where it can be told by hand what is right."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from streamrec.cli.main import app
from streamrec.errors import InputError
from streamrec.evaluation.baselines.content import Content
from streamrec.evaluation.baselines.ease import Ease
from streamrec.evaluation.baselines.features import Samples, behaviour
from streamrec.evaluation.baselines.market import Market
from streamrec.evaluation.baselines.query import Query
from streamrec.evaluation.baselines.run import NAMES, Ranked, in_time_order, orders, rank, top
from streamrec.events.files import read_events, read_items
from streamrec.system.clock import DAY_MS
from tests.evaluation.shop import DAY, START, bought, item, write

pytest.importorskip("scipy")

CATALOGUE = [
    item(name, f"{name} {colour} mug") for name, colour in zip("abcdef", ["red", "red", "blue", "blue", "green", "green"], strict=True)
]


def ranked(folder: Path, events: list[dict[str, Any]], since: int, items: list[dict[str, Any]] = CATALOGUE, **more: Any) -> list[Ranked]:
    lines = read_events(write(folder / "events.jsonl", events))
    return list(rank(read_items(write(folder / "items.jsonl", items)), lines, START + since, **more))


def best(lists: list[Ranked], name: str, repeats: str = "allow") -> list[list[str]]:
    return [one.items for one in lists if (one.name, one.repeats) == (name, repeats)]


TASTES = [
    bought("u", "a", 0, "1"),
    bought("u", "b", 0, "1"),
    bought("v", "a", 1, "2"),
    bought("v", "b", 1, "2"),
    bought("w", "c", 2, "3"),
    bought("w", "d", 2, "3"),
    bought("x", "c", 3, "4"),
    bought("x", "e", 3, "4"),
    bought("y", "c", 4, "5"),
]
SIMPLE = ("popularity", "last-month", "own-history", "item-cf", "content", "ease")


def test_each_simple_baseline_ranks_by_what_its_name_says(tmp_path: Path) -> None:
    old = [bought("z", "f", -90 * DAY, f"old{n}") for n in range(9)]
    lists = ranked(tmp_path, [*old, *TASTES, bought("z2", "a", DAY, "6"), bought("z2", "f", 2 * DAY, "7")], 2 * DAY, names=SIMPLE)
    assert best(lists, "popularity")[0][0] == "f"
    assert best(lists, "last-month")[0][0] in ("a", "c")
    assert "f" not in best(lists, "last-month")[0][:4]
    assert best(lists, "own-history")[0][:2] == ["a", "f"]
    assert best(lists, "item-cf")[0][:2] == ["a", "b"]
    assert best(lists, "content")[0][:2] == ["a", "b"]
    assert best(lists, "ease")[0][0] == "b"


def test_lists_without_repeats_hold_nothing_that_the_user_has(tmp_path: Path) -> None:
    lists = ranked(tmp_path, [*TASTES, bought("u", "c", DAY, "6")], DAY, names=SIMPLE)
    for name in SIMPLE:
        assert set(best(lists, name)[0]) == set("abcde") | {"f"}
        assert set(best(lists, name, "exclude")[0]) == set("cdef")


def test_no_list_knows_its_own_order_and_each_knows_what_came_before(tmp_path: Path) -> None:
    events = [bought("u", "a", 0, "1"), bought("v", "b", DAY, "2"), bought("v", "c", DAY, "2"), bought("w", "c", 2 * DAY, "3")]
    lists = ranked(tmp_path, events, DAY, names=["popularity"])
    first, second = (dict(zip(one.items, one.scores, strict=True)) for one in lists if one.repeats == "allow")
    assert {name: score for name, score in first.items() if score} == {"a": 1}
    assert {name: score for name, score in second.items() if score} == {"a": 1, "b": 1, "c": 1}


def test_up_to_a_time_the_lists_are_those_of_a_file_that_ends_there(tmp_path: Path) -> None:
    later = [bought("u", "d", 2 * DAY, "6"), bought("v", "e", 2 * DAY, "7")]
    whole = [*TASTES, bought("u", "c", DAY, "8"), *later]
    ended = ranked(tmp_path, whole[: -len(later)], DAY, names=SIMPLE)
    cut = ranked(tmp_path, whole, DAY, names=SIMPLE, until=START + 2 * DAY)
    assert [(one.name, one.repeats, one.items) for one in cut] == [(one.name, one.repeats, one.items) for one in ended]
    assert len(ranked(tmp_path, whole, DAY, names=SIMPLE)) == 3 * len(ended)


def test_in_the_static_protocol_the_state_stands_still_and_each_user_has_one_list(tmp_path: Path) -> None:
    events = [bought("u", "a", 0, "1"), bought("v", "b", DAY, "2"), bought("v", "c", 2 * DAY, "3"), bought("w", "c", 3 * DAY, "4")]
    lists = [one for one in ranked(tmp_path, events, DAY, names=["popularity"], protocol="static") if one.repeats == "allow"]
    assert [one.trigger.line for one in lists] == [1, 3]
    for one in lists:
        assert {name: score for name, score in zip(one.items, one.scores, strict=True) if score} == {"a": 1}


def test_in_the_static_protocol_lists_are_made_at_the_split(tmp_path: Path) -> None:
    events = [bought("u", "a", 0, "1"), bought("v", "b", DAY, "2"), bought("w", "c", 60 * DAY, "3")]
    lists = [one for one in ranked(tmp_path, events, DAY, names=["last-month"], protocol="static") if one.repeats == "allow"]
    assert [max(one.scores) for one in lists] == [1, 1], "also of the list for an order two months later"


def test_refunds_neither_trigger_nor_count(tmp_path: Path) -> None:
    events = [bought("u", "a", 0, "1"), bought("u", "a", 1, "1", action="refund"), bought("u", "b", DAY, "2", action="refund")]
    lists = ranked(tmp_path, [*events, bought("v", "c", 2 * DAY, "3")], DAY, names=["popularity"])
    assert [one.trigger.line for one in lists] == [3, 3]
    assert dict(zip(lists[0].items, lists[0].scores, strict=True))["a"] == 1


def test_an_item_first_heard_of_at_the_moment_of_the_order_is_no_candidate(tmp_path: Path) -> None:
    items = [item("a", "mug"), item("b", "cup", created_ts=START + DAY), item("c", "pot", created_ts=START + DAY - 1)]
    lists = ranked(
        tmp_path, [bought("u", "a", 0, "1"), bought("u", "b", DAY, "2"), bought("u", "b", 2 * DAY, "3")], DAY, items, names=["ease"]
    )
    assert [set(one.items) for one in lists if one.repeats == "allow"] == [{"a", "c"}, {"a", "b", "c"}]


def test_ties_are_broken_at_random() -> None:
    rng = np.random.default_rng(0)
    firsts = Counter(top(np.array([1.0, 2, 2, 2]), np.array([True, True, True, False]), 3, rng)[0][0] for _ in range(200))
    assert set(firsts) == {1, 2}
    assert min(firsts.values()) > 60


HALF = 30


def shop(seed: int, days: int = 60, users: int = 60) -> list[dict[str, Any]]:
    """Users of two tastes who now and then buy again what they have; each taste has its half of 60 items."""
    rng = np.random.default_rng(seed)
    events = []
    for day in range(days):
        for user in rng.choice(users, 6, replace=False):
            chosen = {int(rng.integers(HALF)) + HALF * int(user % 2) for _ in range(3)}
            events += [bought(f"u{user}", f"i{number}", day * DAY, f"{day}-{user}") for number in sorted(chosen)]
    return events


MANY = [item(f"i{number}", f"{'round' if number < HALF else 'square'} thing {number}") for number in range(2 * HALF)]


def share_of_taste(lists: list[Ranked], name: str) -> float:
    """How many of the two best places without repeats are of the user's own half."""
    right = [
        (int(place[1:]) >= HALF) == bool(int(one.trigger.event.user_id[1:]) % 2)  # type: ignore[union-attr]
        for one in lists
        if (one.name, one.repeats) == (name, "exclude")
        for place in one.items[:2]
    ]
    return sum(right) / len(right)


def test_those_that_learn_find_the_taste_that_popularity_does_not_see(tmp_path: Path) -> None:
    pytest.importorskip("lightgbm")
    lists = ranked(tmp_path, shop(1), 50 * DAY, MANY, fit_days=40)
    assert {one.name for one in lists} == set(NAMES)
    assert share_of_taste(lists, "popularity") < 0.7
    for name in ("fusion", "linear", "lambdarank"):
        assert share_of_taste(lists, name) > 0.85, name


def test_the_same_seed_gives_the_same_lists(tmp_path: Path) -> None:
    pytest.importorskip("lightgbm")
    runs = [ranked(tmp_path, shop(2), 55 * DAY, MANY, fit_days=20, seed=4) for _ in range(2)]
    assert [(one.name, one.items) for one in runs[0]] == [(one.name, one.items) for one in runs[1]]


rows = st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from("abcd"), st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows)
def test_the_counters_are_those_of_a_slow_count(tmp_path: Path, rows: list[tuple[str, str, int, int]]) -> None:
    events = [bought(user, name, day * DAY, f"{user}{order}") for user, name, day, order in rows]
    market = Market(read_items(write(tmp_path / "items.jsonl", CATALOGUE)))
    lines = in_time_order(read_events(write(tmp_path / "events.jsonl", events)))
    list(orders(lines, market, 0))
    timed = sorted(rows, key=lambda row: row[2])
    owned = {user: {row[1] for row in rows if row[0] == user} for user in "uvw"}
    now = max(row[2] for row in rows)
    for name in "abcdef":
        at = market.number[name]
        assert market.sold[at] == sum(row[1] == name for row in rows)
        assert market.last_month(START + now * DAY)[at] == market.sold[at]
        assert market.decayed(START + now * DAY)[2, at] == pytest.approx(sum(2 ** (-(now - row[2]) / 7) for row in rows if row[1] == name))
        for other in "abcdef":
            both = sum(name in mine and other in mine for mine in owned.values())
            assert market.users_of_both[at, market.number[other]] == both
    assert [market.shoppers[user].distinct for user in owned if owned[user]] == [
        [market.number[name] for name in dict.fromkeys(row[1] for row in timed if row[0] == user)] for user in owned if owned[user]
    ]


def test_last_month_forgets(tmp_path: Path) -> None:
    market = Market(read_items(write(tmp_path / "items.jsonl", CATALOGUE)))
    list(orders(in_time_order(read_events(write(tmp_path / "events.jsonl", [bought("u", "a", 0), bought("u", "a", 20 * DAY)]))), market, 0))
    assert market.last_month(START + 30 * DAY_MS)[0] == 2
    assert market.last_month(START + 30 * DAY_MS + 1)[0] == 1
    assert market.last_month(START + 51 * DAY_MS)[0] == 0


def test_an_unknown_name_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="random is no baseline; name some of popularity"):
        ranked(tmp_path, TASTES, 0, names=["random"])


def test_the_command_writes_files_that_evaluate_reads(tmp_path: Path) -> None:
    items, events = write(tmp_path / "items.jsonl", CATALOGUE), write(tmp_path / "events.jsonl", [*TASTES, bought("u", "c", DAY, "9")])
    common = ["--items", str(items), "--events", str(events)]
    line = ["baselines", *common, "--out", str(tmp_path / "out"), "--rank-from", str(START + DAY), "--names", "ease,popularity", "--json"]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    files = {"ease-allow.jsonl", "ease-exclude.jsonl", "popularity-allow.jsonl", "popularity-exclude.jsonl"}
    assert json.loads(done.stdout) == dict.fromkeys(files, 1)
    lists = [word for name in sorted(files) for word in ("--lists", f"{name.removesuffix('.jsonl')}={tmp_path / 'out' / name}")]
    report = json.loads(CliRunner().invoke(app, ["evaluate", *common, *lists, "--against", "popularity-allow", "--json"]).stdout)
    assert set(report["systems"]) == {name.removesuffix(".jsonl") for name in files}
    assert report["systems"]["popularity-allow"]["all"]["mrr"]["value"] == 1


def test_the_rows_of_a_sample_do_not_give_away_what_was_bought(tmp_path: Path) -> None:
    market = Market(read_items(write(tmp_path / "items.jsonl", MANY)))
    lines = in_time_order(read_events(write(tmp_path / "events.jsonl", shop(3))))
    samples = Samples(0)
    content, ease = Content.of_words(read_items(tmp_path / "items.jsonl"), 0), Ease()
    for order in orders(lines, market, START + 40 * DAY):
        query = Query(market, content, ease, order.purchase.user_id, order.purchase.ts)
        samples.add(query, query.known, np.unique(order.items), behaviour(query, query.known))
    _, weights, was_bought, sizes = samples.arrays()
    firsts = was_bought[np.concatenate([[0], np.cumsum(sizes)[:-1]])]
    assert firsts.mean() < 0.2
    known = int((market.sold > 0).sum())
    assert weights.sum() == pytest.approx(len(sizes) * known, rel=0.05)
    assert (weights[was_bought] == 1).all()
