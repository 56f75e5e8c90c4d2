"""How good the lists are, on real purchases and beside nine rivals.

    python -m benchmarks.quality [--data DIR] [--from 2011-10-01] [--amazon DIR] [--quick] [--jobs 2] [--json] [--out FILE]

One list of 100 before every order from the given day on, the state brought up to date by every event in between (and once more with the
state frozen at that day); the shipped model and everything that is fitted saw no later purchase. Measured at 10. DIR holds items.jsonl and
events.jsonl as `streamrec dataset uci` makes them; by default it is the shipped sample, whose history begins a month before. --amazon
names the folder of the prepared Amazon reviews (see `streamrec dataset amazon`). --quick measures the last week of the sample, beside
the rivals, and nothing else. Lists are kept in .quality and made anew when their inputs or the code have changed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.quality.figures import goals, measure, never_sold, tables
from benchmarks.quality.plan import Data, own_blend, steps, torch_available
from benchmarks.quality.steps import Step, StepFailed, run_all
from streamrec.datasets.amazon import read_reviews
from streamrec.datasets.lines import write_lines
from streamrec.errors import StreamrecError
from streamrec.simulator.playback import SAMPLE

CATEGORY = "Industrial_and_Scientific"
RESULTS = Path(__file__).parents[1] / "results" / "quality.json"


def amazon_data(folder: Path, work: Path) -> tuple[Data, Step | None]:
    """The prepared reviews as items and events, and how the model gets a blend of its own from the rows of valid.csv, if torch is there."""
    reviews = read_reviews(folder, CATEGORY)
    out = work / "amazon-data"
    out.mkdir(parents=True, exist_ok=True)
    write_lines(out / "items.jsonl", reviews.items)
    write_lines(out / "events.jsonl", reviews.events())
    if not torch_available():
        return Data("amazon", out, reviews.test_from, work), None
    data = Data("amazon", out, reviews.test_from, work, model=work / "amazon-model")
    return data, own_blend(data, reviews.valid_from, reviews.test_from)


def figures(data: Data, *, static: bool) -> dict[str, Any]:
    """All of a data set."""
    found: dict[str, Any] = {"prequential": measure(data, "prequential")}
    if static:
        found["static"] = measure(data, "static", data.since)
    unsold = data.work / data.name / "prequential" / "text" / "never-sold.json"
    return found | ({"never_sold": never_sold(unsold)} if unsold.exists() else {})


def main() -> int:
    """Run what is missing, print the tables or one JSON object, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SAMPLE)
    parser.add_argument("--from", dest="since", help="first day (UTC) with lists (default: 2011-10-01; with --quick 2011-10-25)")
    parser.add_argument("--amazon", type=Path, help="folder of the prepared Amazon reviews")
    parser.add_argument("--quick", action="store_true", help="the last week, beside the rivals only")
    parser.add_argument("--jobs", type=int, default=2, help="commands that run at once")
    parser.add_argument("--work", type=Path, default=Path(".quality"), help="where lists are kept")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="results file (default with --data: benchmarks/results/quality.json)")
    arguments = parser.parse_args()
    since = arguments.since or ("2011-10-25" if arguments.quick else "2011-10-01")
    first = int(datetime.fromisoformat(since).replace(tzinfo=UTC).timestamp() * 1000)
    name = "sample" if arguments.data == SAMPLE else "uci"
    began = time.monotonic()
    try:
        sets = [Data(name, arguments.data, first, arguments.work)]
        planned = steps(sets[0], static=not arguments.quick, ablation=not arguments.quick)
        if arguments.amazon:
            amazon, blend = amazon_data(arguments.amazon, arguments.work)
            sets.append(amazon)
            planned = steps(amazon, static=False, ablation=False, blend=blend) + planned
        ran = run_all(planned, arguments.work / "logs", arguments.jobs)
        found = {data.name: figures(data, static=not arguments.quick and data is sets[0]) for data in sets}
    except (StepFailed, StreamrecError) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    report = {
        "machine": machine("scipy", "lightgbm", "onnxruntime-gpu", "onnxruntime"),
        "protocol": "one list of 100 before every order, measured at 10; 95 % intervals from a paired bootstrap over users",
        "from": since,
        "with_torch": torch_available(),
        "seconds": round(time.monotonic() - began),
        "made_anew": ran,
        "data": found,
        "goals": goals(found[name], found.get("amazon")),
    }
    out = arguments.out or (RESULTS if arguments.data != SAMPLE else None)
    if out:
        out.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report) if arguments.json else tables(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
