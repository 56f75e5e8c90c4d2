"""`streamrec export`: a work folder of `streamrec train` becomes a model folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from streamrec.training.require import require_training


def export(
    work: Annotated[Path, typer.Argument(help="Work folder of `streamrec train`.")],
    out: Annotated[Path, typer.Argument(help="Model folder to write.")],
    name: Annotated[str, typer.Option(help="The model's name, as lists carry it.")] = "mini",
    as_json: Annotated[bool, typer.Option("--json", help="Print parity and sizes as one JSON object.")] = False,
) -> None:
    """Export the encoder and the cross-encoder to ONNX, with card and digests; refused when they differ from torch by more than 1e-4."""
    require_training()
    from streamrec.training.export import export_model

    facts = export_model(work, out, name)
    if as_json:
        typer.echo(json.dumps(facts))
        return
    for path, difference in facts["parity"].items():
        typer.echo(f"{path}: largest difference from torch {difference:.1e}")
    typer.echo(f"{facts['total_bytes'] / 1e6:.1f} MB in {out}")
