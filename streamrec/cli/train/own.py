"""`streamrec train all`: a shop's own model folder out of its items and purchases."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from streamrec.cli.support.interrupts import one_interrupt
from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit
from streamrec.cli.train.blocks import DAY, Seed
from streamrec.datasets.uci import day_ms
from streamrec.settings import Settings
from streamrec.training.require import require_blend_training


@takes_settings("Model")
def train_all(
    settings: Settings,
    items: Annotated[Path, typer.Option(help="jsonl or jsonl.gz.")],
    events: Annotated[Path, typer.Option(help="jsonl or jsonl.gz; each line an event with its `topic`; purchases are what is learned.")],
    into: Annotated[Path, typer.Option(help="Model folder to make.")],
    since: Annotated[
        datetime | None, typer.Option("--from", formats=DAY, help="Lists from this day (UTC) on; by default the first quarter is history.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=DAY, help="Only what was sold before this day (UTC) is used; by default all.")
    ] = None,
    seed: Seed = 7,
    seeds: Annotated[int, typer.Option(help="Networks that are trained and averaged.", min=1)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Make a model folder with blends of your own: trained on your orders, checked on the last fifth of them, ready for `worker --model`.

    The graphs are those of `--model`. A blend that is worse there than the plain one is left out. `--scoring off` leaves BERT out.
    """
    require_blend_training()
    from streamrec.training.data.own_orders import read_shop
    from streamrec.training.steps.own_folder import OwnFolder, in_words, require_free

    require_free(into)
    span = (None if day is None else day_ms(day.date()) for day in (since, until))
    with one_interrupt(), Progress(console=Console(stderr=True), transient=True) as progress:
        shop = read_shop(items, events, *span)
        report = OwnFolder(shop, settings, range(seed, seed + seeds), progress).write(into)
    steps = [
        f"{into} is ready, revision {report['revision']}: `streamrec worker --model {into}`, or",
        f"`streamrec models publish {into}` for workers that run; figures are in {into / 'report.json'}",
    ]
    emit(as_json, report, "\n".join([in_words(report), "", *steps]))
