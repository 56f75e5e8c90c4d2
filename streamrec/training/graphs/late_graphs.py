"""The two graphs of the late interaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from streamrec.bert.folder import LATE_ENCODER, LATE_SCORER
from streamrec.bert.pairs import Feeds, text_inputs
from streamrec.training.graphs.calibration import Calibration
from streamrec.training.graphs.exporting import INPUTS, fuse, trace
from streamrec.training.graphs.halving import weights_in_half
from streamrec.training.graphs.parity import check_parity
from streamrec.training.graphs.quantise import eight_bits, words_in_eight_bits
from streamrec.training.networks.late_network import LateEncoder, LateInteraction, item_inputs
from streamrec.training.networks.vectors import tensors

SCORER_INPUTS = ("user_states", "user_mask", "item_states", "item_mask", "user_of_pair")


def export_late(late: LateInteraction, out: Path, chunks: list[Calibration]) -> dict[str, float]:
    """Write both graphs into `out`; their largest differences from torch by file name, over the real pairs of `chunks`.

    Raises:
        ModelError: a graph does not agree with torch, or its attention did not fuse.
    """
    late.eval()
    _round_as_stored(late.encoder)
    encoder_path, scorer_path = out / LATE_ENCODER, out / LATE_SCORER
    encoder_path.parent.mkdir(parents=True, exist_ok=True)
    texts: list[Feeds] = [feeds for chunk in chunks[:4] for feeds in (text_inputs(chunk.users), item_inputs(chunk.items))]
    axes = {name: {0: "batch", 1: "tokens"} for name in (*INPUTS, "states")}
    sample = tensors(texts[0])
    fused = fuse(trace(late.encoder, {name: sample[name] for name in INPUTS}, "states", axes), late.encoder.network.config)
    words_in_eight_bits(fused.model)
    weights_in_half(fused.model)
    onnx.save(fused.model, str(encoder_path))
    parity = {encoder_path.name: check_parity(encoder_path, texts, lambda feeds: late.encoder(**tensors(feeds)))}

    feeds = [_scorer_inputs(late.encoder, chunk) for chunk in chunks[:4]]
    axes = {
        "user_states": {0: "users", 1: "user_tokens"},
        "user_mask": {0: "users", 1: "user_tokens"},
        "item_states": {0: "pairs", 1: "item_tokens"},
        "item_mask": {0: "pairs", 1: "item_tokens"},
        "user_of_pair": {0: "pairs"},
        "score": {0: "pairs"},
    }
    onnx.save(trace(late.scorer, _as_tensors(feeds[0]), "score", axes), str(scorer_path))
    parity[scorer_path.name] = check_parity(scorer_path, feeds, lambda batch: late.scorer(**_as_tensors(batch)))
    return parity


@torch.no_grad()  # type: ignore[untyped-decorator]
def _scorer_inputs(encoder: LateEncoder, chunk: Calibration) -> dict[str, Any]:
    """Every fourth user against all items of the chunk."""
    users, items = text_inputs(chunk.users[::4]), item_inputs(chunk.items)
    user_of_pair = np.arange(len(chunk.items)) % len(chunk.users[::4])
    values = (encoder(**tensors(users)).numpy(), users["attention_mask"], encoder(**tensors(items)).numpy(), items["attention_mask"])
    return dict(zip(SCORER_INPUTS, (*values, user_of_pair), strict=True))


def _as_tensors(feeds: dict[str, Any]) -> dict[str, Any]:
    return {name: torch.from_numpy(values) for name, values in feeds.items()}


@torch.no_grad()  # type: ignore[untyped-decorator]
def _round_as_stored(encoder: LateEncoder) -> None:
    """Words to int8 rows, other weights to half precision, so that torch and the graph hold the same numbers."""
    words = encoder.network.embeddings.word_embeddings.weight
    for weight in encoder.parameters():
        if weight is not words and weight.numel() >= 1024:
            weight.copy_(weight.half().float())
    codes, scales = eight_bits(words.numpy(), axis=1)
    words.copy_(torch.from_numpy(codes * scales[:, None]))
