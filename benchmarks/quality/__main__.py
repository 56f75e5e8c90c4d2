"""How good the lists are: real purchases, month by month, beside nine rivals.

    python -m benchmarks.quality [--data DIR] [--from 2011-07-01] [--until 2011-11-01] [--train-days 92] [--forms first-sale,first-of-month]
                                 [--model DIR] [--text-since DAY] [--amazon DIR] [--quick] [--jobs 2] [--json] [--out FILE]

One list of 100 before every order of every month, the state brought up to date by every event in between; measured at 10. For each month
the blend is trained anew, and so are the rivals that learn, on the days before it. All of it once for each form of listing: when items
come on sale (see `streamrec dataset uci --listed-before`). Text counts for months that begin on --text-since or later, the day until
which the model's encoder was trained; earlier ones are trained and ranked without. The cross-encoder takes no part.

DIR holds items.jsonl and events.jsonl as `streamrec dataset uci` makes them; by default it is the shipped sample, whose history begins on
2011-09-01. --amazon names the folder of the prepared Amazon reviews (see `streamrec dataset amazon`). --quick measures the last week of
the sample, beside the simplest rivals. What was made is kept in .quality and made anew when its inputs or the code have changed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.quality.figures import measure, study
from benchmarks.quality.goals import goals
from benchmarks.quality.periods import Period, months, ms
from benchmarks.quality.plan import Data, steps, text
from benchmarks.quality.report import tables
from benchmarks.quality.shops import amazon, file, shipped
from benchmarks.quality.steps import StepFailed, run_all
from streamrec.bert.folder import SHIPPED
from streamrec.datasets.listings import first_sales, redated, relist
from streamrec.errors import InputError, StreamrecError
from streamrec.evaluation.baselines.run import require_quality
from streamrec.events.files import read_events
from streamrec.simulator.playback import SAMPLE
from streamrec.training.require import require_blend_training

RESULTS = Path(__file__).parents[1] / "results" / "quality.json"
TEXT_SINCE = {SHIPPED.resolve(): date(2011, 10, 1)}
"""The first day whose orders the encoder of a model has not seen, as its README says."""
QUICK_RIVALS = ("popularity", "last-month", "own-history", "fusion")
PROTOCOL = (
    "one list of 100 before every order, measured at 10; blends and rivals trained anew for each month on the days before it; without the "
    "cross-encoder; months before the encoder's without text; 95 % intervals from a paired bootstrap over users"
)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What is asked for, by default on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SAMPLE)
    parser.add_argument("--from", dest="since", type=date.fromisoformat, help="first day (UTC) that is measured (sample: 2011-10-01)")
    parser.add_argument("--until", type=date.fromisoformat, default=date(2011, 11, 1), help="the day (UTC) after the last")
    parser.add_argument("--train-days", type=int, help="days before each month that are learned from (sample: 30, --quick: 21)")
    parser.add_argument("--forms", default="first-sale,first-of-month", help="forms of listing, comma-separated")
    parser.add_argument("--model", type=Path, default=SHIPPED, help="model folder")
    parser.add_argument("--text-since", type=date.fromisoformat, help="first day (UTC) that its encoder has not seen")
    parser.add_argument("--amazon", type=Path, help="folder of the prepared Amazon reviews")
    parser.add_argument("--quick", action="store_true", help="the last week, beside the simplest rivals")
    parser.add_argument("--jobs", type=int, default=2, help="commands that run at once")
    parser.add_argument("--work", type=Path, default=Path(".quality"), help="where results are kept")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="results file (default with --data: benchmarks/results/quality.json)")
    return parser.parse_args(words)


def spans(asked: argparse.Namespace) -> list[Period]:
    """The periods to measure.

    Raises:
        InputError: there is none.
    """
    sample = asked.data == SAMPLE
    first = date(2011, 10, 25) if asked.quick else date(2011, 10, 1) if sample else date(2011, 7, 1)
    since, days = asked.since or first, asked.train_days or (21 if asked.quick else 30 if sample else 92)
    if since >= asked.until:
        raise InputError(f"nothing lies between {since} and {asked.until}; give --from and --until so that days do")
    return months(since, asked.until, days)


def text_since(asked: argparse.Namespace) -> date:
    """The first day on which text counts.

    Raises:
        InputError: nobody says it.
    """
    if asked.text_since is None and asked.model.resolve() not in TEXT_SINCE:
        raise InputError(f"say with --text-since until when the encoder of {asked.model} was trained")
    return asked.text_since or TEXT_SINCE[asked.model.resolve()]


def shops(asked: argparse.Namespace, periods: list[Period]) -> tuple[list[Data], list[str]]:
    """The shop in every form, and what has to be said of it."""
    events, own = file(asked.data, "events"), shipped(asked.model, periods)
    sales, found = first_sales(line.event for line in read_events(events)), []
    name = "sample" if asked.data == SAMPLE else asked.data.resolve().name
    for form in asked.forms.split(","):
        work = asked.work / name / form
        items = work / "items.jsonl"
        relist(file(asked.data, "items"), sales, form, items)
        data = Data(f"{name}-{form}", items, events, work, asked.model, tuple(periods), ms(text_since(asked)), own.blends)
        dated = redated(items, events, work)
        data = data if dated == items else replace(data, dated=dated)
        found.append(replace(data, baselines=QUICK_RIVALS, seeds=1) if asked.quick else data)
    return found, own.notes


def run(asked: argparse.Namespace) -> dict[str, Any]:
    """Run what is missing, and measure.

    Raises:
        StepFailed: a command failed.
        StreamrecError: something that was given cannot be used.
    """
    require_quality()
    require_blend_training()
    began, periods = time.monotonic(), spans(asked)
    forms, notes = shops(asked, periods)
    others = [amazon(asked.amazon, asked.work, asked.model)] if asked.amazon else []
    planned = [*steps(forms), *(step for data in others for step in steps([data]))]
    # The encoder must not have seen what it is asked about.
    studied = None if asked.quick or periods[-1].since < forms[0].text_from else forms[0]
    if studied:
        planned.append(text(studied, periods[-1]))
    ran = run_all(planned, asked.work / "logs", asked.jobs)
    with ProcessPoolExecutor(asked.jobs) as pool:
        measured = list(pool.map(measure, [*forms, *others]))
    of_forms = dict(zip(asked.forms.split(","), measured, strict=False))
    found_text = study(studied, periods[-1]) if studied else None
    found_amazon = measured[-1] if others else None
    return {
        "machine": machine("scipy", "lightgbm", "onnxruntime-gpu", "onnxruntime"),
        "protocol": PROTOCOL,
        "periods": {
            period.name: {"from_ms": period.since, "until_ms": period.until, "learn_from_ms": period.learn_from} for period in periods
        },
        "text_since": text_since(asked).isoformat(),
        "seconds": round(time.monotonic() - began),
        "made_anew": len(ran),
        "steps": len(planned),
        "notes": notes,
        "forms": of_forms,
        "text": found_text,
        "amazon": found_amazon,
        "goals": goals(of_forms, found_text, found_amazon),
    }


def main() -> int:
    """Print the tables or one JSON object, and write the results."""
    asked = arguments()
    try:
        report = run(asked)
    except (StepFailed, StreamrecError) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    out = asked.out or (RESULTS if asked.data != SAMPLE else None)
    if out:
        out.write_text(json.dumps(report, separators=(",", ":")) + "\n")
    print(json.dumps(report) if asked.json else tables(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
