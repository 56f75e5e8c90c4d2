"""A campaign's results are kept per engine, added up, and gone on with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults import campaign
from benchmarks.faults.result import Result


def row(scenario: str, injections: int, **more: Any) -> campaign.Row:
    return {"engine": "one", **Result(scenario, 1, injections, checked=True).row(), **more}


def test_the_version_is_that_of_the_engines_sources() -> None:
    assert campaign.engine_version() == campaign.engine_version()
    assert len(campaign.engine_version()) == 12


@pytest.mark.parametrize("folder", ["contract", "engine", "kafka", "worker", "state", "events"])
def test_a_change_of_what_the_promises_rest_on_makes_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.setattr(campaign, "ROOT", tmp_path)
    before = campaign.engine_version()
    (tmp_path / "streamrec" / folder / "deep").mkdir(parents=True)
    (tmp_path / "streamrec" / folder / "deep" / "module.py").write_text("something else")
    assert campaign.engine_version() != before


def test_results_of_another_engine_do_not_count(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    campaign.keep(file, row("kill", 3))
    campaign.keep(file, row("kill", 4) | {"engine": "two"})
    assert [one["injections"] for one in campaign.load(file, "one")] == [3]
    assert campaign.load(tmp_path / "missing.jsonl", "one") == []


def test_results_are_added_up_whole_and_by_scenario() -> None:
    rows = [
        row("kill", 3, lost=1, exits={"-9": 3}, recoveries_s=[1.5, 4.0], failures=["late"]),
        row("kill", 2, exits={"-9": 1, "6": 1}),
        row("wipe", 5, recoveries_s=[2.0]),
    ]
    summary = campaign.total(rows)
    assert (summary["injections"], summary["lost"], summary["worst_recovery_s"]) == (10, 1, 4.0)
    assert summary["exits"] == {"-9": 4, "6": 1}
    assert {name: one["injections"] for name, one in summary["by_scenario"].items()} == {"kill": 5, "wipe": 5}
    assert summary["by_scenario"]["wipe"]["worst_recovery_s"] == 2.0
    assert summary["failures"] == ["kill (seed 1): late"]


def test_one_lost_event_or_one_trial_without_a_check_spoils_a_campaign() -> None:
    assert campaign.good(campaign.total([row("kill", 3)]))
    assert not campaign.good(campaign.total([row("kill", 3), row("wipe", 1, lost=1)]))
    assert not campaign.good(campaign.total([row("kill", 3), row("wipe", 1, checked=False)]))
    assert not campaign.good(campaign.total([row("kill", 3, failures=["a worker ended with 4"])]))


def test_what_was_tried_least_comes_next() -> None:
    names = ["kill", "wipe"]
    assert campaign.least_tried(names, []) == ("kill", 0)
    assert campaign.least_tried(names, [row("kill", 10)]) == ("wipe", 0)
    assert campaign.least_tried(names, [row("kill", 10), row("wipe", 5)]) == ("kill", 1)
