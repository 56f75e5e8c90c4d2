"""`streamrec evaluate`: how good ranked lists are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from streamrec.cli.support.output import emit
from streamrec.errors import InputError
from streamrec.evaluation.evaluator import Evaluator, FileScores
from streamrec.evaluation.report import Report, compare, summarise
from streamrec.evaluation.tables import text, text_of_several
from streamrec.events.files import read_events, read_items

Slates = Annotated[Path | None, typer.Option(help="A log of slates with feedback, one JSON object a line.")]


def evaluate(
    lists: Annotated[
        list[str] | None,
        typer.Option(
            help="Ranked lists, one a line: a .jsonl or .jsonl.gz file as `streamrec replay` and `streamrec baselines` write them. "
            "Several, each as NAME=FILE, share one table.",
        ),
    ] = None,
    events: Annotated[Path | None, typer.Option(help="The events that they were made of: events.jsonl or .jsonl.gz.")] = None,
    items: Annotated[Path | None, typer.Option(help="The items; AUC, diversity and the age of items need them.")] = None,
    against: Annotated[
        str | None, typer.Option(help="Other lists for the same events, a file or a NAME; prints how many times as good the rest are.")
    ] = None,
    split: Annotated[
        int | None, typer.Option(help="The static protocol: all that a user bought from this event time (ms) on is one order.")
    ] = None,
    k: Annotated[int, typer.Option(min=1, help="Places of a list that count.")] = 10,
    off_policy: Slates = None,
    target: Annotated[Path | None, typer.Option(help="With --off-policy: what the policy to be judged would have shown.")] = None,
    arms: Slates = None,
    control: Annotated[str, typer.Option(help="With --arms: the arm that the others are compared with.")] = "default",
    action: Annotated[str, typer.Option(help="With --off-policy and --arms: the feedback that counts as success.")] = "click",
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Measure ranked lists against what was bought: over all items, and over items new to the user (those that the user bought
    before the order are taken out of the list and of what is relevant). Brackets hold 95 % confidence intervals from a
    bootstrap over users. With --off-policy: what lists that were never shown would have earned. With --arms: an A/B test."""
    if off_policy is not None:
        _off_policy(off_policy, target, action, as_json)
    elif arms is not None:
        _arms(arms, control, action, as_json)
    elif not lists or events is None:
        raise typer.BadParameter("give --lists and --events, or --off-policy, or --arms")
    else:
        _lists(dict(map(_named, lists)), events, items, against, split, k, as_json)


def _lists(files: dict[str, Path], events: Path, items: Path | None, against: str | None, split: int | None, k: int, as_json: bool) -> None:
    evaluator = Evaluator(read_events(events), None if items is None else read_items(items), k, split)
    if len(files) == 1:
        (path,) = files.values()
        scores = evaluator.scores(path)
        report = summarise(scores, k)
        if against is not None:
            report["against"] = compare(scores, evaluator.scores(Path(against)))
        emit(as_json, report, text(report))
        return
    if against is not None and against not in files:
        raise InputError(f"--against {against} is none of the lists {', '.join(files)}; name one of them")
    scored: dict[str, FileScores] = {}
    console = Console(stderr=True)
    for name, path in track(files.items(), "evaluating", console=console, transient=True, disable=not console.is_terminal):
        scored[name] = evaluator.scores(path)
    several: Report = {"k": k, "systems": {name: summarise(scores, k) for name, scores in scored.items()}, "against": against, "ratios": {}}
    if against is not None:
        several["ratios"] = {name: compare(scores, scored[against]) for name, scores in scored.items() if name != against}
    emit(as_json, several, text_of_several(several))


def _named(value: str) -> tuple[str, Path]:
    name, equals, path = value.partition("=")
    return (name, Path(path)) if equals and not Path(value).exists() else (value, Path(value))


def _off_policy(log: Path, target: Path | None, action: str, as_json: bool) -> None:
    from streamrec.evaluation.off_policy import estimate, text

    if target is None:
        raise typer.BadParameter("--off-policy needs --target: lists, or items with probabilities, for the same list_ids")
    report = estimate(log, target, action)
    emit(as_json, report, text(report))


def _arms(log: Path, control: str, action: str, as_json: bool) -> None:
    from streamrec.evaluation.arms import compare_arms, text

    report = compare_arms(log, control, action)
    emit(as_json, report, text(report))
