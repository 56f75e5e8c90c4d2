"""Does harm to the real worker on a real Kafka, and counts what was lost, applied twice or left without a list.

    python -m benchmarks.faults --quick
    python -m benchmarks.faults --injections 500 --results results.jsonl

The scenario that was tried least comes next, until there are as many injections as wanted. With `--results` a campaign goes on
where it ended, for as long as the engine's sources are the same; several that run at once share the work by sharing the file (give
each a --seed of its own). The last line on stdout is one JSON object. The exit code is 1 when something was lost, applied twice,
left without a list or uncommitted, or went wrong in another way that `failures` names.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.faults import campaign, plain
from benchmarks.faults.network import NETWORK, NetworkScenario, run_network
from benchmarks.faults.rebalances import REBALANCES
from benchmarks.faults.scenario import Scenario
from benchmarks.faults.scenarios import SCENARIOS
from benchmarks.faults.tampering import TAMPERING
from benchmarks.faults.trial import run
from benchmarks.machine import machine
from streamrec.broker.embedded import EmbeddedBroker
from streamrec.broker.ports import free_ports
from streamrec.cli.support.interrupts import one_interrupt
from streamrec.cli.support.output import note

ALL: dict[str, Scenario] = {**SCENARIOS, **REBALANCES, **TAMPERING, **NETWORK}
CONTROL, CONTROL_KILLS = "kill", 5
CONTROL_FAULTS = ("lost", "applied_twice", "lists_missing", "commits_behind")
COLUMNS = ("injections", "events", "lost", "applied_twice", "lists_missing", "lists_repeated", "commits_behind", "worst_recovery_s")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="some injections of the main scenarios, in a few minutes")
    parser.add_argument("--injections", type=int, default=500, help="go on until there are so many (500)")
    parser.add_argument("--each", type=int, help="injections of a trial, with --quick at most (each scenario has its own number)")
    parser.add_argument("--scenarios", help=f"only these, comma-separated, of {', '.join(ALL)}")
    parser.add_argument("--seed", type=int, default=0, help="of events and faults")
    parser.add_argument("--rate", type=float, default=200.0, help="events per second (200)")
    parser.add_argument("--results", type=Path, help="keep the results in this file, and count those that are in it")
    parser.add_argument("--model", action="store_true", help="rank with the shipped model instead of by behaviour alone")
    parser.add_argument("--control", action="store_true", help="also kill plain Faust, which must show its faults, or the harness is blind")
    parser.add_argument("--json", action="store_true", help="only the JSON object on stdout")
    found = parser.parse_args()
    names = found.scenarios.split(",") if found.scenarios else list(ALL)
    if unknown := [name for name in names if name not in ALL]:
        parser.error(f"{unknown[0]} is no scenario; there are {', '.join(ALL)}")
    found.names = names
    return found


class Campaign:
    """The trials of one run of this program, on one broker; their rows are kept in the results file, if there is one."""

    def __init__(self, options: argparse.Namespace, engine: str, folder: Path) -> None:
        self._options, self._engine, self._folder = options, engine, folder
        (port,) = free_ports(1)
        self._broker = EmbeddedBroker(folder / "kafka", port, note)
        self._own: list[campaign.Row] = []

    def rows(self) -> list[campaign.Row]:
        """All results that count: those in the file, whoever put them there, or else our own."""
        if self._options.results is None:
            return self._own
        return [row for row in campaign.load(self._options.results, self._engine) if row["scenario"] in self._options.names]

    def run(self) -> campaign.Row | None:
        """Run what is to be run; the control's row, if it was asked for."""
        options = self._options
        with self._broker as bootstrap:
            if options.quick:
                for name in options.names:
                    if ALL[name].quick:
                        self._one(bootstrap, name, options.seed, min(options.each or ALL[name].quick, ALL[name].quick))
            else:
                while sum(row["injections"] for row in self.rows()) < options.injections:
                    name, tried = campaign.least_tried(options.names, self.rows())
                    self._one(bootstrap, name, 1000 * options.seed + tried, options.each or ALL[name].count)
            if options.control:
                return plain.control(CONTROL, options.seed, CONTROL_KILLS, self._broker, bootstrap, self._folder, options.rate)
        return None

    def _one(self, bootstrap: str, name: str, seed: int, count: int) -> None:
        options, scenario = self._options, ALL[name]
        if isinstance(scenario, NetworkScenario):
            result = run_network(scenario, seed, count, self._folder, options.rate, options.model)
        else:
            result = run(scenario, seed, count, self._broker, bootstrap, self._folder, options.rate, options.model)
        if campaign.engine_version() != self._engine:
            raise SystemExit("the engine's sources were changed during the trial, so that its result says nothing; start again")
        row = {"engine": self._engine, "model": options.model, **result.row()}
        self._own.append(row)
        if options.results is not None:
            campaign.keep(options.results, row)
        injections = sum(one["injections"] for one in self.rows())
        note(
            f"{name}: {', '.join(f'{row[column]} {column}' for column in COLUMNS)}, {row['seconds']:.0f} s; {injections} injections so far"
        )


def report(summary: dict[str, Any]) -> None:
    """A table for people, and what failed."""
    print("".join(f"{name:>17}" for name in ("scenario", *COLUMNS)))
    for name, row in (*summary["by_scenario"].items(), ("all", summary)):
        print(f"{name:>17}" + "".join(f"{row[column] if row[column] is not None else '-':>17}" for column in COLUMNS))
    for failure in summary["failures"]:
        print(failure)


def main() -> int:
    """Run the campaign; 0 when all that must be zero is."""
    options, engine = arguments(), campaign.engine_version()
    about = machine()
    with one_interrupt() as ignore_more:
        folder = Path(tempfile.mkdtemp(prefix="streamrec-faults-"))
        try:
            trials = Campaign(options, engine, folder)
            control = trials.run()
        finally:
            ignore_more()
            shutil.rmtree(folder, ignore_errors=True)
    summary = {**campaign.total(trials.rows()), "engine": engine, "machine": about}
    if control is not None:
        summary["control"] = control
        if not any(control[name] for name in CONTROL_FAULTS):
            summary["failures"].append("plain Faust came through the control unharmed: the harness is blind")
    if not options.json:
        report(summary)
    print(json.dumps(summary))
    return 0 if campaign.good(summary) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
