"""`streamrec train blend`: the weights of the ranking, learned by the code that serves."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress

from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit
from streamrec.cli.train.blocks import DAY, Seed, Until
from streamrec.datasets.uci import day_ms
from streamrec.settings import Settings
from streamrec.training.require import require_blend_training

Since = Annotated[datetime, typer.Option("--from", formats=DAY, help="Lists from this day (UTC) on; what was before is history.")]


@takes_settings("Model")
def blend(
    settings: Settings,
    items: Annotated[Path, typer.Option(help="jsonl or jsonl.gz.")],
    events: Annotated[Path, typer.Option(help="jsonl or jsonl.gz; each line an event with its `topic`.")],
    since: Since,
    until: Until,
    into: Annotated[Path, typer.Option(help="Model folder that gets the blend; its digests are written anew.")],
    repeats: Annotated[Literal["allow", "exclude", "both"], typer.Option(help="Lists with what the user owns, without, or both.")] = "both",
    text_since: Annotated[datetime | None, typer.Option(formats=DAY, help="First day (UTC) that the text model has not seen.")] = None,
    seed: Seed = 7,
    seeds: Annotated[int, typer.Option(help="Networks that are trained and averaged.", min=1)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
) -> None:
    """Train the blend with the code that serves: a list before every order, and the order as what was right.

    Before `--until` the last 15 % of the lists are the validation window. Prints NDCG@10 there of the former blend, a linear one and
    the network; then all lists train the network that is written. Lists before `--text-since` are learned from without text.
    `--scoring off` trains the blend for ranking without BERT.
    """
    require_blend_training()
    from streamrec.training.steps.blend import train_into

    wanted: tuple[Literal["allow", "exclude"], ...] = ("allow", "exclude") if repeats == "both" else (repeats,)
    span = day_ms(since.date()), day_ms(until.date())
    text_from = 0 if text_since is None else day_ms(text_since.date())
    with Progress(console=Console(stderr=True), transient=True) as progress:
        report = train_into(into, settings, items, events, span, wanted, text_from, range(seed, seed + seeds), progress)
    lines = [f"{mode}: {', '.join(f'{name} {value}' for name, value in figures.items())}" for mode, figures in report.items()]
    emit(as_json, report, "\n".join(lines))
