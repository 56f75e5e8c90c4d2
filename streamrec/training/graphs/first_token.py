"""Fused layers compute no more tokens than the head reads."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from onnx import helper, numpy_helper

BY_TOKEN = frozenset({"SkipLayerNormalization", "LayerNormalization", "MatMul", "BiasGelu"})
"""Fused operators that treat every token by itself."""


def first_token_only(model: Any) -> None:
    """Where nothing but [CLS] of the last states is read, cut the last layer's inputs to it behind the attention.

    With a feed-forward of four times the hidden size three quarters of that layer's products go. A graph whose head reads more stays as it
    is.
    """
    graph = model.graph
    nodes = list(graph.node)
    constants = {tensor.name: tensor for tensor in graph.initializer}
    # The exporter writes some constants as nodes.
    constants |= {node.output[0]: node.attribute[0].t for node in nodes if node.op_type == "Constant"}
    readers: dict[str, set[int]] = defaultdict(set)
    for number, node in enumerate(nodes):
        for name in node.input:
            readers[name].add(number)
    within = {number for number, node in enumerate(nodes) if _takes_first(node, constants)}
    alone: set[int] = set()
    for number, node in reversed(list(enumerate(nodes))):
        reading = readers[node.output[0]]
        if node.op_type in BY_TOKEN and reading and reading <= within | alone:
            alone.add(number)
    made = {nodes[number].output[0] for number in alone}
    cut: set[str] = set()
    for number in alone:
        # Of the inputs only states have tokens; they come from other nodes, as weights do not.
        for place, name in enumerate(nodes[number].input):
            if name and name not in constants and name not in made:
                cut.add(name)
                nodes[number].input[place] = f"{name}_first"
    for number in reversed(range(len(nodes))):
        for name in cut.intersection(nodes[number].output):
            graph.node.insert(number + 1, helper.make_node("Slice", [name, *SLICE], [f"{name}_first"], name=f"{name}_first"))
    if cut:
        graph.initializer.extend(numpy_helper.from_array(np.array([value], np.int64), name) for name, value in SLICE.items())


SLICE = {"first_token": 0, "second_token": 1, "token_axis": 1}
"""Start, end and axis of what is cut."""


def _takes_first(node: Any, constants: dict[str, Any]) -> bool:
    """Whether a node reads place 0 of axis 1."""
    if node.op_type != "Gather" or node.input[1] not in constants:
        return False
    axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0)
    return axis == 1 and not numpy_helper.to_array(constants[node.input[1]]).any()
