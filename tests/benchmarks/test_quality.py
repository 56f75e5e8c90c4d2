"""The quality benchmark: what is kept, what is made anew, and when a goal is reached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("scipy")

from benchmarks.quality.figures import goals, measure, never_sold, tables
from benchmarks.quality.plan import Data, steps
from benchmarks.quality.steps import Step, StepFailed, run_all
from streamrec.evaluation.baselines.baseline_lists import ListFiles
from streamrec.evaluation.baselines.run import rank
from streamrec.events.files import read_events, read_items
from tests.evaluation.shop import DAY, START, bought, item, write


def step(folder: Path, name: str, code: str, after: tuple[str, ...] = ()) -> Step:
    """A step that appends a line to NAME.txt and reads input.txt."""
    out = folder / f"{name}.txt"
    return Step(name, ["-c", f"open({str(out)!r}, 'a').write('made\\n'); {code}"], out, [folder / "input.txt"], ("events",), after)


def test_a_result_is_kept_until_its_input_or_its_command_changes(tmp_path: Path) -> None:
    (tmp_path / "input.txt").write_text("1")
    first = step(tmp_path, "a", "")
    assert run_all([first], tmp_path / "logs", 1) == ["a"]
    assert run_all([first], tmp_path / "logs", 1) == []
    (tmp_path / "input.txt").write_text("2")
    assert run_all([first], tmp_path / "logs", 1) == ["a"]
    assert run_all([step(tmp_path, "a", "1")], tmp_path / "logs", 1) == ["a"]
    first.out.unlink()
    assert run_all([step(tmp_path, "a", "1")], tmp_path / "logs", 1) == ["a"]


def test_a_step_waits_for_those_before_it(tmp_path: Path) -> None:
    (tmp_path / "input.txt").write_text("1")
    second = step(tmp_path, "b", f"assert open({str(tmp_path / 'a.txt')!r}).read()", after=("a",))
    assert run_all([second, step(tmp_path, "a", "")], tmp_path / "logs", 2) == ["a", "b"]


def test_a_failed_step_is_told_with_its_log_and_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "input.txt").write_text("1")
    broken = step(tmp_path, "a", "raise SystemExit('no such thing')")
    for _ in range(2):
        with pytest.raises(StepFailed, match=r"a ended with exit code 1; see .*a\.log(.|\n)*no such thing"):
            run_all([broken], tmp_path / "logs", 1)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """A shop of two tastes, with lists of two rivals; item-cf goes as streamrec."""
    events = [
        bought(f"u{user}", f"i{(user % 2) * 5 + (user + day) % 5}", day * DAY, f"{user}-{day}") for day in range(8) for user in range(6)
    ]
    write(tmp_path / "events.jsonl", events)
    write(tmp_path / "items.jsonl", [item(f"i{number}") for number in range(10)])
    made = Data("toy", tmp_path, START + 4 * DAY, tmp_path / "work", baselines=("popularity", "item-cf", "content", "fusion"))
    lines, catalogue = list(read_events(tmp_path / "events.jsonl")), read_items(tmp_path / "items.jsonl")
    with ListFiles(made.lists("popularity", "all", "prequential").parent) as files:
        for one in rank(catalogue, lines, made.since, names=made.baselines, fit_days=4):
            files.write(one)
    for mode in ("all", "new"):
        made.lists("item-cf", mode, "prequential").rename(made.lists("streamrec", mode, "prequential"))
        text = made.lists("streamrec", mode, "prequential").read_text()
        made.lists("item-cf", mode, "prequential").write_text(text)
    return made


def test_every_system_that_has_lists_is_measured_and_compared(data: Data) -> None:
    found = measure(data, "prequential")
    for mode in ("all", "new"):
        assert list(found[mode]["systems"]) == ["streamrec", "popularity", "item-cf", "content", "fusion"]
        assert found[mode]["over"]["item-cf"]["ndcg"] == {"value": 1, "low": 1, "high": 1}
        assert found[mode]["over"]["popularity"]["ndcg"]["value"] > 1
    report = {"data": {"toy": {"prequential": found}}, "goals": goals({"prequential": found}, None)}
    assert {one["goal"]: one["reached"] for one in report["goals"]}["all: precision over item-cf"] is False
    table = tables(report)
    assert "| popularity | " in table
    assert "| all: NDCG over the best fusion | 1.08 |" in table


def over(value: float, low: float) -> dict[str, Any]:
    estimate = {"value": value, "low": low, "high": value + 0.1}
    return dict.fromkeys(("precision", "recall", "ndcg", "hit_rate"), estimate)


def test_a_goal_is_reached_when_the_value_is_there_and_where_doubt_counts_the_bound_is_above_1() -> None:
    rivals = {"fusion": over(1.4, 1.01), "item-cf": over(1.2, 0.9), "content": over(1.19, 1.1), "no text": over(1.05, 0.99)}
    found = goals({"prequential": {mode: {"over": rivals} for mode in ("all", "new")}}, None)
    reached = {one["goal"]: one["reached"] for one in found}
    assert reached["new: NDCG over the best fusion"]
    assert reached["all: precision over item-cf"]
    assert not reached["all: precision over content"]
    assert not reached["new: NDCG with BERT over without text"]
    assert "new: NDCG over a tuned linear blend" not in reached


def test_never_sold_items_are_compared_over_the_same_orders(tmp_path: Path) -> None:
    path = tmp_path / "never-sold.json"
    path.write_text('[{"user":"u","tf-idf":0.5,"fine-tuned":0.75},{"user":"v","tf-idf":0.7,"fine-tuned":1.05}]')
    found = never_sold(path)
    assert found["over"]["fine-tuned over tf-idf"] == {"value": 1.5, "low": 1.5, "high": 1.5}
    path.write_text("[]")
    assert never_sold(path) == {"orders": 0}


def test_the_plan_names_every_step_once_and_each_writes_a_place_of_its_own(data: Data) -> None:
    planned = steps(data, static=True, ablation=True)
    assert len({one.name for one in planned}) == len(planned) == 11
    assert len({one.out for one in planned}) == len(planned)
