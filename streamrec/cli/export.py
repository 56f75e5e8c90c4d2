"""`streamrec export`: a work folder of `streamrec train` becomes a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streamrec.cli.support.output import emit
from streamrec.training.require import require_training


def export(
    work: Annotated[Path, typer.Argument(help="Work folder of `streamrec train`.")],
    out: Annotated[Path, typer.Argument(help="Model folder to write.")],
    name: Annotated[str, typer.Option(help="The model's name, as lists carry it.")] = "mini",
    as_json: Annotated[bool, typer.Option("--json", help="Print parity and sizes as one JSON object.")] = False,
) -> None:
    """Export encoder, cross-encoder and late interaction to ONNX, fp32, int8 for CPUs and fp16 for CUDA, with card and digests; fp32 graphs
    that differ from torch are refused."""
    require_training()
    from streamrec.training.graphs.parity import alike_in_words
    from streamrec.training.steps.export import export_model

    facts = export_model(work, out, name)
    parity = [f"{path}: largest difference from torch {difference:.1e}" for path, difference in facts["parity"].items()]
    likeness = [f"likeness to fp32: {alike_in_words(path, alike)}" for path, alike in facts["likeness"].items()]
    facts["likeness"] = {path: alike._asdict() for path, alike in facts["likeness"].items()}
    emit(as_json, facts, "\n".join([*parity, *likeness, f"{facts['total_bytes'] / 1e6:.1f} MB in {out}"]))
