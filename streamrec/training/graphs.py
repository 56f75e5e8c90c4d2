"""Networks as ONNX graphs: traced, fused, with the word table in half precision, and compared with torch before they are kept."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from torch import nn

from streamrec.bert.pairs import Feeds
from streamrec.bert.session import OnnxBackend
from streamrec.errors import ModelError
from streamrec.training.networks import HIDDEN, pool, tensors

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OPSET = 17
TOLERANCE = 1e-4
HEADS = 4


class VectorHead(nn.Module):  # type: ignore[misc]
    """An encoder that returns one normalised vector per text."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
        """Vectors of shape (batch, dim)."""
        states = self.network(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        return pool(states, attention_mask)


def halve_words(network: Any) -> None:
    """Round the word table to half precision, which is how it is stored, so that torch and the graph hold the same numbers."""
    with torch.no_grad():
        table = network.get_input_embeddings().weight
        table.copy_(table.half().float())


def export_graph(head: Any, path: Path, examples: list[Feeds]) -> float:
    """Write `head` to `path` and return the largest difference from torch over `examples`.

    Raises:
        ModelError: the difference is above 1e-4, or the attention did not fuse.
    """
    head.eval()
    layers = head.network.config.num_hidden_layers
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.onnx"
        axes = {name: {0: "batch", 1: "tokens"} for name in INPUTS}
        sample = tensors(examples[0])
        torch.onnx.export(
            head,
            tuple(sample[name] for name in INPUTS),
            str(raw),
            input_names=list(INPUTS),
            output_names=["output"],
            dynamic_axes={**axes, "output": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
        options = FusionOptions("bert")
        # The fused embedding node takes no table in half precision.
        options.enable_embed_layer_norm = False
        fused = optimizer.optimize_model(
            str(raw), model_type="bert", num_heads=HEADS, hidden_size=HIDDEN, optimization_options=options, opt_level=0
        )
    attentions = fused.get_fused_operator_statistics()["Attention"]
    if attentions != layers:
        raise ModelError(f"{attentions} of {layers} attention layers fused; use the versions that setup.cfg asks for")
    _store_words_in_half(fused.model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(fused.model, str(path))
    return _parity(head, path, examples)


def _parity(head: Any, path: Path, examples: list[Feeds]) -> float:
    backend = OnnxBackend(path, "cpu")
    worst = 0.0
    for feeds in examples:
        with torch.no_grad():
            expected: NDArray[np.float32] = head(**tensors(feeds)).numpy()
        worst = max(worst, float(np.abs(backend.run(feeds) - expected).max()))
    if not worst <= TOLERANCE:
        path.unlink()
        raise ModelError(f"{path.name} differs from torch by {worst:.2e}, more than {TOLERANCE:.0e}; it is not kept")
    return worst


def _store_words_in_half(model: Any) -> None:
    """Replace the word table by its half-precision twin and cast what is looked up, so that all arithmetic stays in fp32."""
    graph = model.graph
    table = max(graph.initializer, key=lambda tensor: int(np.prod(tensor.dims)))
    words = numpy_helper.to_array(table)
    name = table.name
    graph.initializer.remove(table)
    graph.initializer.append(numpy_helper.from_array(words.astype(np.float16), name))
    position, lookup = next((number, node) for number, node in enumerate(graph.node) if node.op_type == "Gather" and node.input[0] == name)
    looked_up = lookup.output[0]
    lookup.output[0] = f"{looked_up}_half"
    graph.node.insert(position + 1, helper.make_node("Cast", [lookup.output[0]], [looked_up], name="words_to_float", to=TensorProto.FLOAT))
    for value in [value for value in graph.value_info if value.name == looked_up]:
        graph.value_info.remove(value)
