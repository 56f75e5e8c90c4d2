"""Token rows through a network: as tensors, and as one vector a text."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from streamrec.bert.pairs import Feeds, text_inputs
from streamrec.training.processes import Processes


def tensors(feeds: Feeds) -> dict[str, Any]:
    """Model inputs as torch tensors."""
    return {name: torch.from_numpy(array) for name, array in feeds.items()}


def pool(hidden: Any, mask: Any) -> Any:
    """Mean of the token states under the mask, L2-normalised."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=1)


def embed(encoder: Any, tokens: NDArray[np.int32], chunk: int = 256, processes: Processes | None = None) -> Any:
    """Normalised vectors of token rows, with gradients when they are on; rows are encoded in order of length.

    Several `processes` share the rows, see `Processes.gather`.
    """
    if processes and processes.world > 1:
        return processes.gather(embed(encoder, tokens[processes.rank :: processes.world], chunk), len(tokens))
    lengths = (tokens != 0).sum(axis=1)
    order = np.argsort(lengths, kind="stable")
    parts = []
    for start in range(0, len(order), chunk):
        inputs = tensors(text_inputs(tokens[order[start : start + chunk]]))
        parts.append(pool(encoder(**inputs).last_hidden_state, inputs["attention_mask"]))
    return torch.cat(parts)[torch.from_numpy(np.argsort(order))]
