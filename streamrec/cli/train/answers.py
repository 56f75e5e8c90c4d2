"""`streamrec train answers`: the ranker that chooses what answers a question."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streamrec.cli.support.output import emit


def answers(
    data: Annotated[Path, typer.Option(help="Folder of product-qa (amazon-science/contextual-product-qa).")],
    out: Annotated[Path, typer.Option(help="The file to write, such as ranker.json.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
) -> None:
    """Train what chooses answers, on product-qa and the packaged questions of rooms.

    Prints P@1 and the share of questions that are answered at 90 and 95 % precision, on products that were not learned from, and what the
    threshold that is written gives there.
    """
    from streamrec.training.steps.answers import train_answers

    told = train_answers(data, out)
    lines = [
        f"{name}: " + (", ".join(f"{figure} {value}" for figure, value in values.items()) if isinstance(values, dict) else str(values))
        for name, values in told.items()
    ]
    emit(as_json, told, "\n".join([*lines, f"{out} is ready"]))
