"""Does harm to the real worker on a real Kafka, and counts what was lost, applied twice or left without a list.

    python -m benchmarks.faults --quick
    python -m benchmarks.faults --injections 500 --results results.jsonl

Without `--scenarios` all are tried in turn. With `--results` a campaign goes on where it ended, for as long as the engine's
sources are the same; a file may be shared by several that run at once (give each a --seed of its own). The last line on stdout
is one JSON object. The exit code is 1 when something was lost, applied twice, left without a list, or left uncommitted.
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
from benchmarks.faults.scenarios import SCENARIOS, Scenario
from benchmarks.faults.trial import Result, run
from benchmarks.machine import machine
from streamrec.broker.embedded import EmbeddedBroker
from streamrec.broker.ports import free_ports
from streamrec.cli.interrupts import one_interrupt
from streamrec.cli.output import note

ALL: dict[str, Scenario] = {**SCENARIOS, **NETWORK}
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
    parser.add_argument("--each", type=int, help="injections of a trial (each scenario has its own number)")
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


def trials(options: argparse.Namespace, done: list[campaign.Row]) -> list[tuple[str, int, int]]:
    """What is to be tried: scenario, seed and number of injections."""
    if options.quick:
        return [(name, options.seed, options.each or ALL[name].quick) for name in options.names if ALL[name].quick]
    counts = {name: options.each or ALL[name].count for name in options.names}
    return list(campaign.plan(options.names, counts, options.injections, done, options.seed))


def measure(options: argparse.Namespace, engine: str, folder: Path) -> tuple[list[campaign.Row], campaign.Row | None]:
    """Run the trials one after the other; their rows with those that were kept before, and the control's."""
    rows = [row for row in campaign.load(options.results, engine) if row["scenario"] in options.names] if options.results else []
    todo = trials(options, rows)
    (port,) = free_ports(1)
    broker = EmbeddedBroker(folder / "kafka", port, note)
    with broker as bootstrap:

        def one(name: str, seed: int, count: int) -> Result:
            scenario = ALL[name]
            if isinstance(scenario, NetworkScenario):
                return run_network(scenario, seed, count, folder, options.rate, options.model)
            return run(scenario, seed, count, broker, bootstrap, folder, options.rate, options.model)

        for number, (name, seed, count) in enumerate(todo, 1):
            row = {"engine": engine, "model": options.model, **one(name, seed, count).row()}
            if campaign.engine_version() != engine:
                raise SystemExit("the engine's sources were changed during the trial, so that its result says nothing; start again")
            rows.append(row)
            if options.results:
                campaign.keep(options.results, row)
            note(f"[{number}/{len(todo)}] {name}: {', '.join(f'{row[column]} {column}' for column in COLUMNS)}, {row['seconds']:.0f} s")
        control = None
        if options.control:
            control = plain.control(CONTROL, options.seed, CONTROL_KILLS, broker, bootstrap, folder, options.rate)
    return rows, control


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
            rows, control = measure(options, engine, folder)
        finally:
            ignore_more()
            shutil.rmtree(folder, ignore_errors=True)
    summary = {**campaign.total(rows), "engine": engine, "machine": about}
    blind = control is not None and not any(control[name] for name in CONTROL_FAULTS)
    if control is not None:
        summary["control"] = control
        if blind:
            summary["failures"].append("plain Faust came through the control unharmed: the harness is blind")
    if not options.json:
        report(summary)
    print(json.dumps(summary))
    return 0 if campaign.good(summary) and not blind else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
