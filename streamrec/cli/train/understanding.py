"""`streamrec train understanding`: a judge of what comments want and in which mood, out of packaged texts and a gold set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from streamrec.cli.support.interrupts import one_interrupt
from streamrec.cli.support.output import emit
from streamrec.cli.train.blocks import Seed
from streamrec.errors import InputError

if TYPE_CHECKING:
    from streamrec.understanding.judge import Encoder


def understanding(
    comments: Annotated[
        list[Path] | None, typer.Option(help="Gold set of your own rooms, as `streamrec label` writes it; may be repeated.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Model folder to make; without it, figures are printed only.")] = None,
    encoder: Annotated[
        Path | None, typer.Option(help="Model folder whose text encoder gets a head beside the linear model; by default none.")
    ] = None,
    seed: Seed = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
) -> None:
    """Train what reads comments: intents and sentiment, by the packaged texts and by your own.

    Prints F1 of each label on domains and rooms that were not learned from: each is held out once. Then everything is learned.
    """
    from streamrec.training.data.comments import packaged, read_gold
    from streamrec.training.steps.judge_card import card
    from streamrec.training.steps.judged import held_out, in_words
    from streamrec.training.steps.understanding import FOLDS, Material, train, write

    if out is not None and out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        raise InputError(f"{out} is there already; name another folder with --out, or remove it")
    with one_interrupt(), Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("learning", total=FOLDS + 2)
        what = Material.of(packaged(), [read_gold(path) for path in comments or ()])
        text = None if encoder is None else _encoder(encoder)
        progress.advance(task)
        trained = train(what, seed, text, lambda: progress.advance(task))
        report = held_out(trained, what)
        if out is not None:
            write(trained, out, card(report, seed))
    lines = [in_words(report), ""]
    lines.append(f"{out} is ready" if out is not None else "nothing was written; --out FOLDER keeps the judge")
    emit(as_json, report, "\n".join(lines))


def _encoder(folder: Path) -> Encoder:
    from streamrec.bert.texts import TextEncoder

    return TextEncoder.load(folder)
