"""The fp16 twin of a cross-encoder, for CUDA: its layers multiply in half precision, its inputs, output and head stay as they are.

Only what leads to the last layer's states is narrowed. A head that compares sums of squares would overflow: half precision ends at 65,504.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from streamrec.bert.agreement import Agreement
from streamrec.bert.pairs import Feeds
from streamrec.training.graphs.first_token import first_token_only
from streamrec.training.graphs.parity import agreement_of
from streamrec.training.graphs.quantise import replace
from streamrec.training.graphs.words import read_words_of

ATTENTION = "Attention"
LAYER = "SkipLayerNormalization"
"""What ends every fused layer."""


def write_twin(path: Path, judging: list[Feeds], fused: Any = None) -> dict[str, Agreement]:
    """Write the twin of the graph `path` beside it; by file name how far they agree on `judging`. One that is unlike is not kept.

    `fused` is the same network with fused layers, where `path` has none; without any there is no twin. It is compared on a CPU, which
    has the rounded weights and may compute in fp32 for all that: the card is asked where it serves.
    """
    fused = onnx.load(str(path)) if fused is None else fused
    if not any(node.op_type == ATTENTION for node in fused.graph.node):
        return {}
    twin = half_twin(fused)
    read_words_of(path, twin)
    narrow = path.with_suffix(".fp16.onnx")
    narrow.write_bytes(twin.SerializeToString())
    return {narrow.name: agreement_of(path, narrow, judging)}


def half_twin(fused: Any) -> Any:
    """The twin of a fused fp32 graph; of the last layer only [CLS] is computed where the head reads nothing else."""
    twin = onnx.ModelProto()
    twin.CopyFrom(fused)
    first_token_only(twin)
    graph = twin.graph
    inside = _layers(graph)
    narrowing = _Narrowing(graph)
    nodes = [made for number, node in enumerate(graph.node) for made in (narrowing.inside if number in inside else narrowing.outside)(node)]
    replace(graph, nodes, narrowing.added)
    # Types that the tracer noted hold no more.
    del graph.value_info[:]
    return twin


class _Narrowing:
    """Walks over the nodes of a graph in their order and knows which values have half precision."""

    def __init__(self, graph: Any) -> None:
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}
        self._half = {name for name, tensor in self._tensors.items() if tensor.data_type == TensorProto.FLOAT16}
        self._instead: dict[str, str] = {}
        """What nodes inside read in place of a value that was widened for the head."""
        self.added: list[Any] = []

    def inside(self, node: Any) -> list[Any]:
        """A node of the layers: it reads half precision, and gives it."""
        for place, name in enumerate(node.input):
            node.input[place] = self._narrow(self._instead.get(name, name))
        if _widens(node) and node.input[0] in self._half:
            self._instead[node.output[0]] = node.input[0]
        elif node.op_type != "Shape" and self._half.intersection(node.input):
            # The second output of fused embeddings counts keys.
            self._half.update(name for place, name in enumerate(node.output) if place != 1)
        return [node]

    def outside(self, node: Any) -> list[Any]:
        """A node of the head: it reads fp32, and what has half precision is widened for it."""
        casts = []
        for place, name in enumerate(node.input):
            if name in self._half and name not in self._tensors and not _widens(node):
                wide = f"{name}_wide"
                if name not in self._instead:
                    casts.append(helper.make_node("Cast", [name], [wide], name=wide, to=TensorProto.FLOAT))
                    self._instead[name] = name
                node.input[place] = wide
        return [*casts, node]

    def _narrow(self, name: str) -> str:
        tensor, narrow = self._tensors.get(name), f"{name}_half"
        if tensor is None or tensor.data_type != TensorProto.FLOAT:
            return name
        if narrow not in self._half:
            self.added.append(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), narrow))
            self._half.add(narrow)
        return narrow


def _layers(graph: Any) -> set[int]:
    """The numbers of the nodes that lead to the last layer's states."""
    makers = {name: number for number, node in enumerate(graph.node) for name in node.output}
    ends = [number for number, node in enumerate(graph.node) if node.op_type == LAYER]
    found, waiting = set(), [ends[-1]]
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += [makers[name] for name in graph.node[number].input if name in makers]
    return found


def _widens(node: Any) -> bool:
    return bool(node.op_type == "Cast" and node.attribute[0].i == TensorProto.FLOAT)
