"""sentence-transformers' CrossEncoder on torch, with the batch size and the sorting by length that it has by itself."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import torch
from common import Pair, Score, serve
from sentence_transformers import CrossEncoder


def load(about: dict[str, Any]) -> tuple[Score, dict[str, Any]]:
    """The model in fp32 or bf16."""
    torch.set_num_threads(about["threads"])
    kind = torch.bfloat16 if about["precision"] == "bf16" else torch.float32
    device = "cuda" if about["device"] == "cuda" else "cpu"
    model = CrossEncoder(about["hf"], device=device, model_kwargs={"dtype": kind})
    linear = torch.nn.Identity()

    def score(pairs: Sequence[Pair]) -> Sequence[float]:
        found: list[float] = model.predict(list(pairs), activation_fn=linear, show_progress_bar=False).tolist()
        return found

    return score, {"version": version("sentence-transformers"), "torch": torch.__version__, "precision": str(kind)}


serve(load)
