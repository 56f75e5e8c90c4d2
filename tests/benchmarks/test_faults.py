"""The quick form of the fault campaign, cut short: the real worker comes through it, and every scenario does its harm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults import campaign
from benchmarks.faults.__main__ import ALL
from benchmarks.stream.processes import tree

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
TRIED = ("storm", "checkpoint", "raising", "joins", "leftovers", "made_again", "truncated")
EACH = 2
"""One of each kind of harm: all scenarios of the quick form would take half as long as all other tests."""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.faults", *arguments]


@pytest.fixture(scope="module")
def summary() -> dict[str, Any]:
    quick = command("--quick", "--scenarios", ",".join(TRIED), "--each", str(EACH), "--json")
    done = subprocess.run(quick, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == (0 if campaign.good(found) else 1)
    return found


def test_nothing_is_lost_applied_twice_or_left_without_its_list(summary: dict[str, Any]) -> None:
    wrong = {name: summary[name] for name in campaign.ZEROS if summary[name]}
    assert (wrong, summary["failures"]) == ({}, [])
    assert summary["events"] > 1000


def test_every_scenario_has_done_its_harm(summary: dict[str, Any]) -> None:
    expected = {name: min(EACH, ALL[name].quick) for name in TRIED}
    assert {name: found["injections"] for name, found in summary["by_scenario"].items()} == expected
    assert summary["exits"]["-9"] >= 5
    assert summary["exits"]["4"] >= 3, "topics that were made again or lost their beginning"
    assert {"cursed", "gone", "poison", "repeat"} <= summary["spoilt"].keys()
    assert summary["worst_recovery_s"] > 0


def test_the_quick_form_has_at_least_sixty_injections() -> None:
    assert sum(scenario.quick for scenario in ALL.values()) >= 60


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see the processes")
def test_an_interrupt_leaves_no_process_and_no_folder_behind(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    campaign = subprocess.Popen(
        command("--scenarios", "kill"), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    deadline = time.monotonic() + PATIENCE_S
    while not list(tmp_path.glob("*/kill-*/a/web.json")):
        assert time.monotonic() < deadline, "no worker has started"
        time.sleep(0.1)
    family = tree(campaign.pid)[1:]
    assert len(family) >= 2, "a broker and a worker"
    campaign.send_signal(signal.SIGINT)
    assert campaign.wait(PATIENCE_S) == 130
    assert [pid for pid in family if Path(f"/proc/{pid}").exists()] == []
    assert list(tmp_path.iterdir()) == []
