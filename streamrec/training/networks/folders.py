"""A network on disk: its BERT as a Hugging Face folder, and what streamrec puts on top of it in one file beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from streamrec.errors import ModelMissing


def save_with_head(bert: Any, head: dict[str, Any], folder: Path, file: str) -> None:
    """Write the BERT into `folder` and the tensors of `head` into its `file`."""
    bert.save_pretrained(folder)
    save_file({name: value.contiguous() for name, value in head.items()}, str(folder / file))


def load_head(folder: Path, file: str, what: str, step: str) -> dict[str, Any]:
    """The tensors in `file`, by name.

    Raises:
        ModelMissing: they are not there; says that `what` is missing and which `step` of `streamrec train` makes it.
    """
    if not (folder / file).is_file():
        raise ModelMissing(f"{folder} holds no {what}; run `streamrec train {step}` first")
    head: dict[str, Any] = load_file(str(folder / file))
    return head


def outside(state: dict[str, Any], bert: str) -> dict[str, Any]:
    """The tensors of a network that are not of its BERT, which is called `bert` in it."""
    return {name: value for name, value in state.items() if not name.startswith(f"{bert}.")}
