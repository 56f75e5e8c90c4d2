"""`streamrec train`: the steps that make a model, one after the other in one work folder."""

from __future__ import annotations

import typer

from streamrec.cli.train.answers import answers
from streamrec.cli.train.blends import blend
from streamrec.cli.train.encoders import encoder, sentiment
from streamrec.cli.train.judging import calibration, check, compare
from streamrec.cli.train.own import train_all
from streamrec.cli.train.rankers import distil, late, prune, ranker
from streamrec.cli.train.texts import pretrain, vocabulary
from streamrec.cli.train.understanding import understanding

app = typer.Typer(no_args_is_help=True, help="Train blends of your own shop (all), or a whole model, step by step.")

app.command("all")(train_all)
# The help lists them in this order, which is that of the steps.
for command in (
    vocabulary,
    pretrain,
    encoder,
    ranker,
    late,
    prune,
    distil,
    sentiment,
    calibration,
    check,
    compare,
    blend,
    understanding,
    answers,
):
    app.command()(command)
