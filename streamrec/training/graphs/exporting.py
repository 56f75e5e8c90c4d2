"""Networks become ONNX graphs: traced, fused, narrowed, and compared with torch before they are kept."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from torch import nn

from streamrec.bert.pairs import Feeds
from streamrec.errors import ModelError
from streamrec.training.graphs.halving import words_in_half
from streamrec.training.graphs.parity import Figures, agreement_of, check_parity
from streamrec.training.graphs.quantise import quantise
from streamrec.training.networks.vectors import pool, tensors

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OPSET = 17
"""The first with LayerNormalization as one node, which the fusions look for."""
Axes = dict[str, dict[int, str]]


class VectorHead(nn.Module):  # type: ignore[misc]
    """An encoder that returns one normalised vector per text."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
        """Vectors of shape (batch, dim)."""
        states = self.network(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        return pool(states, attention_mask)


def export_graph(head: Any, path: Path, examples: list[Feeds], real: Sequence[Feeds] = ()) -> Figures:
    """Write `head` as a fused fp32 graph to `path`, and where there are `real` inputs as an int8 graph beside it.

    Returns by file name the largest difference of the fp32 graph from torch over `examples`, and how far the int8 one agrees with it on the
    second half of `real`. The first half of `real` calibrates it. An int8 graph that is unlike is not kept.

    Raises:
        ModelError: the fp32 graph is too far from torch, or its attention did not fuse; it is not kept.
    """
    head.eval()
    config = head.network.config
    raw = trace(head, {name: tensors(examples[0])[name] for name in INPUTS}, "output", {name: {0: "batch", 1: "tokens"} for name in INPUTS})
    path.parent.mkdir(parents=True, exist_ok=True)
    fused = fuse(raw, config)
    words_in_half(fused.model)
    onnx.save(fused.model, str(path))
    figures: Figures = {path.name: check_parity(path, examples, lambda feeds: head(**tensors(feeds)))}
    if real:
        narrow = path.with_suffix(".int8.onnx")
        onnx.save(quantise(raw, list(real[: len(real) // 2])), str(narrow))
        figures[narrow.name] = agreement_of(path, narrow, list(real[len(real) // 2 :]))
    return figures


def trace(head: Any, inputs: dict[str, Any], output: str, axes: Axes) -> Any:
    """The unfused ONNX graph of `head` for `inputs`, whose sizes in `axes` stay free."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.onnx"
        torch.onnx.export(
            head,
            tuple(inputs.values()),
            str(raw),
            input_names=list(inputs),
            output_names=[output],
            dynamic_axes=axes | {output: {0: "batch"}} if output not in axes else axes,
            opset_version=OPSET,
            dynamo=False,
        )
        return onnx.load(str(raw))


def fuse(raw: Any, config: Any, embeddings: bool = False) -> Any:
    """The graph with fused attention, GELU and normalisation, as an `OnnxModel`; `embeddings` fuses these, too.

    Raises:
        ModelError: not every attention layer fused.
    """
    options = FusionOptions("bert")
    # The fused embedding node takes tables of one precision, and fp32 graphs keep their words in half.
    options.enable_embed_layer_norm = embeddings
    # Nor does the fused attention take fewer heads than fill the hidden size: where some were pruned it stays as it was traced.
    options.enable_attention = getattr(config, "kept_heads", None) in (None, config.num_attention_heads)
    layers = config.num_hidden_layers if options.enable_attention else 0
    model = onnx.ModelProto()
    model.CopyFrom(raw)
    fused = optimizer.optimize_model(
        model,
        model_type="bert",
        num_heads=config.num_attention_heads,
        hidden_size=config.hidden_size,
        optimization_options=options,
        opt_level=0,
    )
    attentions = fused.get_fused_operator_statistics()["Attention"]
    if attentions != layers:
        raise ModelError(f"{attentions} of {layers} attention layers fused; use the versions that setup.cfg asks for")
    return fused
