"""`streamrec train calibration`, `check` and `compare`: what exported graphs are set and judged by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streamrec.cli.support.blocks import spread
from streamrec.cli.support.output import emit
from streamrec.cli.train.blocks import Judged, Seed, Sources, Work
from streamrec.training.require import require_training


@spread
def calibration(work: Work, sources: Sources, seed: Seed = 7) -> None:
    """Keep real pairs that set the scales of the int8 graphs."""
    require_training()
    from streamrec.training.steps.calibrate import calibrate

    record = sources.record(seed)
    calibrate(sources.material(work, None, seed), record)


@spread
def check(
    work: Work,
    model: Annotated[Path, typer.Option(help="Model folder made by `streamrec export`.")],
    judged: Judged,
) -> None:
    """Measure on held-out baskets what the vectors and the score add to counts, on items new to the user."""
    require_training()
    from streamrec.training.steps.check import check_model

    typer.echo(check_model(model, judged.data, judged.start, judged.until, judged.baskets, judged.seed, work / "check.json"))


@spread
def compare(
    graphs: Annotated[list[str], typer.Argument(help="NAME=GRAPH.onnx, or NAME=DIR of another vocabulary; all beside the first.")],
    model: Annotated[Path, typer.Option(help="Model folder that the vocabulary and the vectors are from.")],
    judged: Judged,
) -> None:
    """Parameters, bytes, speed on this machine and quality of several graphs, as JSON."""
    require_training()
    from streamrec.training.data.held_out import HeldOut
    from streamrec.training.steps.compare import compare as run

    named = {name: Path(path) for name, _, path in (graph.partition("=") for graph in graphs)}
    for name, path in named.items():
        if not path.exists():
            raise typer.BadParameter(f"{name} names no file; write NAME=GRAPH.onnx or NAME=DIR")
    held_out = HeldOut(model, judged.data, judged.start, judged.until, judged.baskets, judged.seed)
    emit(True, run(named, held_out, judged.seed), "")
