"""Int8 graphs whose activation scales are constants, so that a row's result does not depend on its batch mates.

Every product of an activation with a constant matrix becomes u8 x s8: one scale per tensor for the activation, from the range it has
on real texts; one scale per column for the matrix. Attention scores, softmax, normalisation and GELU stay in fp32. The word table is
kept in eight bits with one scale per row. Dynamic quantisation takes its scales from the whole batch: there a pair's score moves with
the pairs beside it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from streamrec.bert.pairs import Feeds

CONTRIB = "com.microsoft"
MASK = "attention_mask"


def quantise(model: Any, feeds: list[Feeds]) -> Any:
    """The int8 twin of an unfused BERT graph, calibrated on `feeds`."""
    quantised = onnx.ModelProto()
    quantised.CopyFrom(model)
    graph = quantised.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMul" and getattr(constants.get(node.input[1]), "ndim", 0) == 2]
    readers: dict[str, list[Any]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            readers[name].append(node)
    added = _activation_scales(model, sorted({node.input[0] for node in products}), feeds)
    taken: dict[int, list[Any]] = {}
    rounded: set[str] = set()
    for node in products:
        activation, matrix = node.input
        bias, total = _bias_after(node, readers, constants)
        codes, scales = eight_bits(constants[matrix], axis=0)
        added += [numpy_helper.from_array(codes, f"{matrix}_codes"), numpy_helper.from_array(scales, f"{matrix}_scales")]
        inputs = [f"{activation}_codes", f"{matrix}_codes", f"{activation}_scale", f"{matrix}_scales", f"{activation}_zero", ""]
        output = node.output[0] if total is None else total.output[0]
        multiply = helper.make_node("MatMulIntegerToFloat", [*inputs, bias], [output], name=f"{node.name}_int8", domain=CONTRIB)
        if activation in rounded:
            taken[id(node)] = [multiply]
        else:
            scale = [activation, f"{activation}_scale", f"{activation}_zero"]
            taken[id(node)] = [helper.make_node("QuantizeLinear", scale, [f"{activation}_codes"], name=f"{activation}_round"), multiply]
            rounded.add(activation)
        if total is not None:
            taken[id(total)] = []
    nodes = [new for node in graph.node for new in taken.get(id(node), [node])]
    replace(graph, nodes, added)
    if not any(used.domain == CONTRIB for used in quantised.opset_import):
        quantised.opset_import.append(helper.make_opsetid(CONTRIB, 1))
    words_in_eight_bits(quantised)
    return quantised


def eight_bits(matrix: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric int8 codes of a matrix, with one scale for everything along `axis`."""
    # 127 on both sides, so that 0 stays 0; a column of zeros would divide by 0.
    scales = np.abs(matrix).max(axis=axis, keepdims=True) / 127
    scales = np.where(scales > 0, scales, 1).astype(np.float32)
    return np.rint(matrix / scales).astype(np.int8), scales.squeeze(axis)


def word_table(graph: Any) -> Any:
    """The largest constant that is looked up by row."""
    looked_up = {node.input[0] for node in graph.node if node.op_type == "Gather"}
    return max((tensor for tensor in graph.initializer if tensor.name in looked_up), key=lambda tensor: int(np.prod(tensor.dims)))


def words_in_eight_bits(model: Any) -> None:
    """Keep the word table of a graph as int8 rows with a scale each, and scale what is looked up."""
    graph = model.graph
    table = word_table(graph)
    codes, scales = eight_bits(numpy_helper.to_array(table).astype(np.float32), axis=1)
    lookups = [node for node in graph.node if node.op_type == "Gather" and node.input[0] == table.name]
    added = [numpy_helper.from_array(codes, f"{table.name}_codes"), numpy_helper.from_array(scales[:, None], f"{table.name}_scales")]
    nodes = []
    for node in graph.node:
        if node not in lookups:
            nodes.append(node)
            continue
        rows, word = node.input[1], node.output[0]
        nodes += [
            helper.make_node("Gather", [f"{table.name}_codes", rows], [f"{word}_codes"], name=f"{node.name}_codes"),
            helper.make_node("Gather", [f"{table.name}_scales", rows], [f"{word}_scale"], name=f"{node.name}_scales"),
            helper.make_node("Cast", [f"{word}_codes"], [f"{word}_cast"], name=f"{node.name}_cast", to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{word}_cast", f"{word}_scale"], [word], name=f"{node.name}_scaled"),
        ]
    replace(graph, nodes, added)


def _activation_scales(model: Any, names: list[str], feeds: list[Feeds]) -> list[Any]:
    """Scale and zero point of every activation in `names`, from the least and greatest value that it takes where the mask is 1."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    for name in names:
        probe.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    session = ort.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    low, high = np.zeros(len(names)), np.zeros(len(names))
    for batch in feeds:
        values = session.run(names, {entry.name: batch[entry.name] for entry in session.get_inputs()})
        there = batch[MASK].astype(bool)
        for place, value in enumerate(values):
            real = value[there] if value.shape[:2] == there.shape else value
            low[place], high[place] = min(low[place], real.min()), max(high[place], real.max())
    tensors = []
    for name, least, most in zip(names, low, high, strict=True):
        scale = np.float32((most - least) / 255)
        tensors.append(numpy_helper.from_array(np.asarray(scale), f"{name}_scale"))
        tensors.append(numpy_helper.from_array(np.asarray(np.rint(-least / scale), np.uint8), f"{name}_zero"))
    return tensors


def _bias_after(node: Any, readers: dict[str, list[Any]], constants: dict[str, NDArray[Any]]) -> tuple[str, Any]:
    """The bias that is added to a product right after it, and the node that adds it; neither when there is none."""
    after = readers[node.output[0]]
    if len(after) == 1 and after[0].op_type == "Add":
        for name in after[0].input:
            if getattr(constants.get(name), "ndim", 0) == 1:
                return name, after[0]
    return "", None


def replace(graph: Any, nodes: list[Any], added: list[Any]) -> None:
    """Give a graph other nodes and more constants, without those that nothing reads any more."""
    read = {name for node in nodes for name in node.input}
    kept = [type(tensor).FromString(tensor.SerializeToString()) for tensor in [*graph.initializer, *added] if tensor.name in read]
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(copies)
    graph.initializer.extend(kept)
