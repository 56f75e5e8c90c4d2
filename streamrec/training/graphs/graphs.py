"""Networks as ONNX graphs: traced, fused, narrowed, and compared with torch before they are kept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from torch import nn

from streamrec.bert.pairs import Feeds
from streamrec.bert.precision import LEAST_LIKENESS, likeness
from streamrec.bert.session import CPU, OnnxBackend
from streamrec.errors import ModelError
from streamrec.training.graphs.quantise import quantise, word_table
from streamrec.training.networks.networks import pool, tensors

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OPSET = 17
TOLERANCE = 1e-4
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


def halve_words(network: Any) -> None:
    """Round the word table to half precision, which is how it is stored, so that torch and the graph hold the same numbers."""
    with torch.no_grad():
        table = network.get_input_embeddings().weight
        table.copy_(table.half().float())


def export_graph(head: Any, path: Path, examples: list[Feeds], real: list[Feeds], half: bool = False) -> dict[str, float]:
    """Write `head` as a fused fp32 graph to `path` and as an int8 graph beside it, with `half` as an fp16 graph for CUDA too.

    Returns by file name the largest difference of the fp32 graph from torch over `examples`, and the likeness of the narrow ones to it on
    the second half of `real`: mean cosine of vectors, correlation of scores. The first half of `real` calibrates the int8 graph. A narrow
    graph that is unlike is not kept.

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
    found = {path.name: check_parity(path, examples, lambda feeds: head(**tensors(feeds)))}
    calibrating, judging = real[: len(real) // 2], real[len(real) // 2 :]
    narrow = {path.with_suffix(".int8.onnx"): quantise(raw, calibrating)}
    if half:
        shrunk = fuse(raw, config)
        shrunk.convert_float_to_float16(keep_io_types=True)
        narrow[path.with_suffix(".fp16.onnx")] = shrunk.model
    for file, model in narrow.items():
        onnx.save(model, str(file))
        found[file.name] = likeness_of(path, file, judging)
    return found


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


def fuse(raw: Any, config: Any) -> Any:
    """The graph with fused attention, GELU and normalisation, as an `OnnxModel`.

    Raises:
        ModelError: not every attention layer fused.
    """
    options = FusionOptions("bert")
    # The fused embedding node takes no table in half precision.
    options.enable_embed_layer_norm = False
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


def check_parity(path: Path, examples: Sequence[Any], expected: Callable[[Any], Any]) -> float:
    """The largest difference of a graph from what torch expects of it.

    Raises:
        ModelError: it is above 1e-4; the file is removed.
    """
    session = ort.InferenceSession(str(path), providers=[CPU])
    worst = 0.0
    for feeds in examples:
        with torch.no_grad():
            wanted: NDArray[np.float32] = expected(feeds).numpy()
        given = session.run(None, {entry.name: feeds[entry.name] for entry in session.get_inputs()})[0]
        worst = max(worst, float(np.abs(given - wanted).max()))
    if not worst <= TOLERANCE:
        path.unlink()
        raise ModelError(f"{path.name} differs from torch by {worst:.2e}, more than {TOLERANCE:.0e}; it is not kept")
    return worst


def likeness_of(path: Path, narrow: Path, feeds: list[Feeds]) -> float:
    """How alike a narrow graph is to the fp32 one on this machine; below `LEAST_LIKENESS` its file is removed, and fp32 serves instead."""
    backends = (OnnxBackend(narrow, "cpu"), OnnxBackend(path, "cpu"))
    given, wanted = (np.concatenate([backend.run(batch) for batch in feeds]) for backend in backends)
    alike = likeness(given, wanted)
    if alike < LEAST_LIKENESS:
        narrow.unlink()
    return alike


def dropped(alike: dict[str, float]) -> dict[str, float]:
    """The narrow graphs that were not kept, by their files in a model folder."""
    return {f"onnx/{file}": value for file, value in alike.items() if value < LEAST_LIKENESS}


def alike_in_words(file: str, value: float) -> str:
    """How like fp32 a narrow graph is, and what became of it if it is not."""
    lost = "" if value >= LEAST_LIKENESS else f" (less than {LEAST_LIKENESS}: not kept, fp32 serves in its place)"
    return f"{file} {value:.6f}{lost}"


def words_in_half(model: Any) -> None:
    """Replace the word table by its half-precision twin and cast what is looked up, so that all arithmetic stays in fp32."""
    graph = model.graph
    table = word_table(graph)
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


def weights_in_half(model: Any) -> None:
    """Store every fp32 matrix in half precision and cast it back; ONNX Runtime does so once, when it loads the graph."""
    graph = model.graph
    large = [tensor for tensor in graph.initializer if tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 2]
    large = [tensor for tensor in large if min(tensor.dims) >= 32]
    for tensor in large:
        values, name = numpy_helper.to_array(tensor), tensor.name
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        graph.node.insert(0, helper.make_node("Cast", [f"{name}_half"], [name], name=f"{name}_cast", to=TensorProto.FLOAT))
