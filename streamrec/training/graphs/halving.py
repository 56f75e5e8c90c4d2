"""Weights in half precision: stored so, while all arithmetic stays in fp32."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from onnx import TensorProto, helper, numpy_helper

from streamrec.training.graphs.quantise import word_table


def halve_words(network: Any) -> None:
    """Round the word table to half precision, which is how it is stored, so that torch and the graph hold the same numbers."""
    with torch.no_grad():
        table = network.get_input_embeddings().weight
        table.copy_(table.half().float())


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
    # Smaller ones would save next to nothing.
    large = [tensor for tensor in large if min(tensor.dims) >= 32]
    for tensor in large:
        values, name = numpy_helper.to_array(tensor), tensor.name
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        graph.node.insert(0, helper.make_node("Cast", [f"{name}_half"], [name], name=f"{name}_cast", to=TensorProto.FLOAT))
