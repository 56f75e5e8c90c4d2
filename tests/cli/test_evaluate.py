import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from streamrec.cli.main import app
from streamrec.errors import InputError
from streamrec.evaluation.report import METRICS
from tests.evaluation.shop import DAY, bought, item, ranked, write

EVENTS = [
    bought("u", "a", 0, "1"),
    bought("v", "b", 0, "2"),
    bought("u", "a", DAY, "3"),
    bought("u", "b", DAY, "3"),
    bought("v", "c", DAY, "4"),
    bought("w", "c", DAY, "5"),
]
GOOD = [ranked("u", 2, "ab"), ranked("v", 4, "cb"), ranked("w", 5, "ca")]
POOR = [ranked("u", 2, "ca"), ranked("v", 4, "bc"), ranked("w", 5, "ac")]


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    items = [item("a", "Red mug"), item("b", "Blue mug"), item("c", "Toy"), item("d", "Car")]
    files = {"--events": EVENTS, "--lists": GOOD, "--items": items}
    return [word for flag, wires in files.items() for word in (flag, str(write(tmp_path / f"{flag[2:]}.jsonl", wires)))]


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["evaluate", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def report_of(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_json_holds_every_metric_of_both_modes_with_its_interval(paths: list[str]) -> None:
    report = report_of(*paths, "--k", "2")
    assert {name: report[name] for name in ("lists", "users", "k", "repeated")} == {"lists": 3, "users": 3, "k": 2, "repeated": 0}
    for mode in ("all", "new"):
        assert set(report[mode]) == set(METRICS)
        for name, estimate in report[mode].items():
            assert estimate["value"] is not None
            assert name == "coverage" or estimate["low"] <= estimate["value"] <= estimate["high"]
    assert report["all"]["recall"]["value"] == 1
    assert report["all"]["precision"]["value"] == pytest.approx(2 / 3, abs=1e-6)
    assert report["all"]["coverage"] == {"value": 3 / 4, "low": None, "high": None}
    assert report["scored"] == {"all": 3, "new": 3}


def test_what_is_not_defined_is_null(paths: list[str]) -> None:
    report = report_of(*paths[:4])
    assert report["all"]["auc"] == {"value": None, "low": None, "high": None}


def test_the_table_names_every_metric_once_and_what_was_left_out(paths: list[str], tmp_path: Path) -> None:
    write(tmp_path / "lists.jsonl", [*GOOD, ranked("u", 3, "ab"), ranked("u", 0, "ab")])
    write(tmp_path / "events.jsonl", [*EVENTS, bought("u", "b", -DAY, "0")])
    lines = run(*paths).stdout.splitlines()
    assert [line.split()[0] for line in lines if line and line.split()[0] in METRICS] == list(METRICS)
    assert lines[0].startswith("5 lists of 3 users, at 10")
    assert "1 lists left out: their order has an earlier one" in lines
    assert "1 lists left out of 'new': nothing relevant" in lines


def test_lists_are_compared_over_the_triggers_that_both_answer(paths: list[str], tmp_path: Path) -> None:
    others = str(write(tmp_path / "others.jsonl", POOR[:2]))
    against = report_of(*paths, "--against", others)["against"]
    assert against["paired"]["all"] == 2
    assert against["unpaired"]["all"] == 1
    # MRR of the first two lists: (1 + 1) / (1/2 + 1/2).
    assert against["all"]["mrr"] == {"value": 2, "low": 2, "high": 2}
    table = run(*paths, "--against", others).stdout
    assert table.count("ndcg") == 2
    assert "all items (2 pairs)" in table


def test_lists_compared_with_themselves_are_exactly_as_good(paths: list[str]) -> None:
    against = report_of(*paths, "--against", paths[3])["against"]
    for mode in ("all", "new"):
        assert against[mode].pop("coverage") == {"value": 1, "low": None, "high": None}
        assert all(estimate == {"value": 1, "low": 1, "high": 1} for estimate in against[mode].values())


def test_a_file_without_lists_is_no_error(paths: list[str], tmp_path: Path) -> None:
    write(tmp_path / "lists.jsonl", [])
    report = report_of(*paths)
    assert report["lists"] == 0
    assert all(estimate["value"] is None for estimate in report["all"].values())


def test_lists_that_hold_nothing_score_nothing(paths: list[str], tmp_path: Path) -> None:
    write(tmp_path / "lists.jsonl", [ranked("u", 2, [])])
    assert report_of(*paths)["all"]["ndcg"]["value"] == 0


def test_a_wrong_file_is_an_input_error(paths: list[str], tmp_path: Path) -> None:
    (tmp_path / "lists.jsonl").write_text("{}")
    with pytest.raises(InputError, match=r"lists\.jsonl: line 1"):
        run(*paths)


@pytest.mark.parametrize("k", ["0", "-1", "ten"])
def test_a_number_of_places_without_sense_is_wrong_usage(paths: list[str], k: str) -> None:
    assert run(*paths, "--k", k).exit_code == 2


def test_several_systems_share_a_table_and_are_compared_with_one_of_them(paths: list[str], tmp_path: Path) -> None:
    poor = write(tmp_path / "poor.jsonl", POOR)
    several = [*paths[:2], *paths[4:], "--lists", f"good={tmp_path / 'lists.jsonl'}", "--lists", f"poor={poor}", "--against", "poor"]
    report = report_of(*several)
    alone = report_of(*paths)
    assert report["systems"]["good"] == alone
    assert report["ratios"].keys() == {"good"}
    assert report["ratios"]["good"]["all"] == report_of(*paths, "--against", str(poor))["against"]["all"]
    table = run(*several).stdout
    assert table.count("\ngood ") == 2 + 2 + 6
    assert "all items, as a multiple of poor" in table


def test_a_name_that_is_none_of_the_lists_is_refused(paths: list[str]) -> None:
    with pytest.raises(InputError, match="--against worse is none of the lists good, other; name one of them"):
        run(*paths[:2], "--lists", f"good={paths[3]}", "--lists", f"other={paths[3]}", "--against", "worse")


def test_strata_are_told_with_their_lists(paths: list[str]) -> None:
    report = report_of(*paths)
    assert report["strata"]["users without orders"]["scored"] == {"all": 1, "new": 1}
    assert report["strata"]["users without orders"]["all"]["mrr"]["value"] == 1
    assert "users without orders, all items (1 lists)" in run(*paths).stdout


def test_the_static_protocol_takes_all_that_a_user_bought_after_the_split(paths: list[str]) -> None:
    report = report_of(*paths, "--split", str(EVENTS[2]["ts"]))
    assert report["all"]["recall"]["value"] == 1
    assert report_of(*paths, "--split", "0")["repeated"] == 0


def test_without_lists_or_events_the_usage_is_wrong(paths: list[str]) -> None:
    assert run(*paths[:2]).exit_code == 2
    assert run(*paths[2:4]).exit_code == 2
