"""`streamrec train ranker`, `late`, `prune` and `distil`: the networks of pairs, which learn from lists."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streamrec.cli.support.blocks import spread
from streamrec.cli.support.output import emit
from streamrec.cli.train.blocks import Layers, Pace, Recovery, Sources, ValidateFrom, Work
from streamrec.training.require import require_training

RANKER = Pace(steps=300, rate=5e-4)
# The late interaction is shipped from 450 steps; its scorer is new, where the ranker only goes on from a trained encoder.
LATE = Pace(steps=450, rate=1e-3)
# What is left of a pruned ranker was trained: a fast rate would undo it.
RECOVERY = Recovery(steps=100, rate=2e-4)


@spread
def ranker(
    work: Work,
    sources: Sources,
    validate_from: ValidateFrom = None,
    layers: Layers = 2,
    pace: Pace = RANKER,
    hard: Annotated[float, typer.Option(help="Share of wrong items drawn by likeness; the rest by popularity.", min=0, max=1)] = 0.5,
    augment: Annotated[float, typer.Option(help="Share of titles cropped, and of tokens dropped and swapped.", min=0, max=1)] = 0.0,
) -> None:
    """Train the cross-encoder on what users bought next."""
    require_training()
    from streamrec.training.data.training_lists import Recipe
    from streamrec.training.steps.ranker import train_ranker

    record = sources.record(pace.seed)
    material = sources.material(work, validate_from, pace.seed)
    train_ranker(material, work / "ranker", layers, pace.plan(), record, Recipe(hard, augment))


@spread
def late(
    work: Work,
    sources: Sources,
    validate_from: ValidateFrom = None,
    layers: Layers = 2,
    pace: Pace = LATE,
) -> None:
    """Train the late interaction, taught by the cross-encoder."""
    require_training()
    from streamrec.training.steps.late_training import train_late

    record = sources.record(pace.seed)
    train_late(sources.material(work, validate_from, pace.seed), work / "late", layers, pace.plan(), record)


@spread
def prune(
    work: Work,
    sources: Sources,
    out: Annotated[Path, typer.Option(help="Folder for the pruned ranker, for example the folder ranker of another work folder.")],
    heads: Annotated[int, typer.Option(help="Attention heads that every layer keeps.", min=1)] = 3,
    neurons: Annotated[int, typer.Option(help="Feed-forward neurons that every layer keeps.", min=1)] = 384,
    validate_from: ValidateFrom = None,
    pace: Recovery = RECOVERY,
) -> None:
    """Prune heads, neurons and word rows of the ranker, and let it recover; prints the parameters as JSON."""
    require_training()
    from streamrec.training.steps.prune import prune_ranker

    record = sources.record(pace.seed)
    emit(True, prune_ranker(sources.material(work, validate_from, pace.seed), out, heads, neurons, pace.plan(), record), "")


@spread
def distil(
    work: Work,
    sources: Sources,
    teacher: Annotated[Path, typer.Option(help="Work folder with a larger ranker; its vocabulary may be another.")],
    out: Annotated[Path, typer.Option(help="Folder for the new ranker, for example the folder ranker of another work folder.")],
    validate_from: ValidateFrom = None,
    layers: Layers = 2,
    pace: Pace = RANKER,
) -> None:
    """Train a ranker taught by a larger one; prints the parameters of both as JSON."""
    require_training()
    from streamrec.training.steps.distil import distil_ranker

    record = sources.record(pace.seed)
    emit(True, distil_ranker(sources.material(work, validate_from, pace.seed), teacher, out, layers, pace.plan(), record), "")
