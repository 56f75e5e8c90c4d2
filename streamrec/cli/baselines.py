"""`streamrec baselines`: lists of the rankers that streamrec is measured beside."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from streamrec.cli.support.output import emit
from streamrec.evaluation.baselines.run import FIT_DAYS, NAMES, Protocol, rank, require_quality


def baselines(
    items: Annotated[Path, typer.Option(help="jsonl or jsonl.gz.")],
    events: Annotated[Path, typer.Option(help="jsonl or jsonl.gz; only purchases and refunds are read.")],
    out: Annotated[Path, typer.Option(help="Folder for NAME-allow.jsonl (repeats allowed) and NAME-exclude.jsonl of every baseline.")],
    rank_from: Annotated[int, typer.Option(help="No lists before this event time (ms); what came before is history.")],
    until: Annotated[int | None, typer.Option(help="Read no events from this event time (ms) on; all by default.")] = None,
    names: Annotated[str, typer.Option(help="Which, comma-separated.")] = ",".join(NAMES),
    protocol: Annotated[Protocol, typer.Option(help="prequential: state goes on; static: it stops at --rank-from.")] = "prequential",
    fit_days: Annotated[int, typer.Option(min=1, help="Days before --rank-from to which those that learn are fitted.")] = FIT_DAYS,
    k: Annotated[int, typer.Option(min=1, help="Items in a list.")] = 100,
    seed: Annotated[int, typer.Option(help="For ties, which are broken at random, and for samples.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Rank a file of events by popularity, own history, item-CF, content, EASE, a fusion, a linear blend and LambdaRank: one list of
    each before every order, for `streamrec evaluate`."""
    from streamrec.evaluation.baselines.baseline_lists import ListFiles
    from streamrec.events.files import read_events, read_items

    require_quality()
    catalogue, lines = read_items(items), list(read_events(events))
    count: Counter[str] = Counter()
    with Progress(console=Console(stderr=True), transient=True) as progress, ListFiles(out) as files:
        task = progress.add_task("ranking", total=len(lines))
        ranked = rank(
            catalogue, lines, rank_from, until=until, names=names.split(","), protocol=protocol, fit_days=fit_days, k=k, seed=seed,
            progress=lambda done: progress.update(task, completed=done),
        )  # fmt: skip
        for made in ranked:
            files.write(made)
            count[files.name(made)] += 1
    emit(as_json, dict(count), "\n".join(f"{lists} lists in {out / name}" for name, lists in count.items()) or "no orders to rank")
