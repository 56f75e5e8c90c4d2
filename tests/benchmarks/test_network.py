"""Faults between worker and broker: the real worker comes through them, with the line in the way of nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.faults.network import NETWORK, run_network

pytestmark = pytest.mark.kafka


def test_nothing_is_lost_or_counted_twice_when_all_connections_are_reset(tmp_path: Path) -> None:
    row = run_network(NETWORK["resets"], 0, 4, tmp_path, 200.0, model=False).row()
    assert (row["injections"], row["failures"]) == (4, [])
    assert row["checked"]
    assert [row[name] for name in ("lost", "applied_twice", "lists_missing", "commits_behind")] == [0, 0, 0, 0]
    assert row["exits"] == {"0": 1}, "a broken line is no reason to end"
