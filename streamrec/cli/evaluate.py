"""`streamrec evaluate`: how good ranked lists are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streamrec.cli.output import emit
from streamrec.evaluation.evaluator import Evaluator
from streamrec.evaluation.report import compare, summarise, text
from streamrec.events.files import read_events, read_items


def evaluate(
    lists: Annotated[Path, typer.Option(help="Ranked lists, one a line: lists.jsonl or .jsonl.gz, as `streamrec replay` writes them.")],
    events: Annotated[Path, typer.Option(help="The events that they were made of: events.jsonl or .jsonl.gz.")],
    items: Annotated[Path | None, typer.Option(help="The items; AUC and diversity need them.")] = None,
    against: Annotated[Path | None, typer.Option(help="Other lists for the same events; prints how many times as good ours are.")] = None,
    k: Annotated[int, typer.Option(min=1, help="Places of a list that count.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Measure ranked lists against what was bought: over all items, and over items new to the user (those that the user bought
    before the order are taken out of the list and of what is relevant). Brackets hold 95 % confidence intervals from a
    bootstrap over users."""
    evaluator = Evaluator(read_events(events), None if items is None else read_items(items), k)
    scores = evaluator.scores(lists)
    report = summarise(scores, k)
    if against is not None:
        report["against"] = compare(scores, evaluator.scores(against))
    emit(as_json, report, text(report))
