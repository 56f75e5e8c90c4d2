"""Google's multilingual sentence encoder (USE-multilingual-v3, Apache-2.0) as an ONNX graph over the inputs of a model folder.

Words are averaged, and so are three convolutions over 2, 3 and 5 of them; residual dense layers make the vector. Nothing knows a position,
so that a text may have any length. The words keep the eight bits in which the weights come, in a file beside the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from streamrec.bert.folder import WORDS
from streamrec.errors import ModelError

OPSET = 17
"""The first with LayerNormalization as one node."""
ORDERS = {2: (0, 1), 3: (1, 1), 5: (2, 2)}
"""Words that each convolution reads, and how many of them come before and behind the word in its middle."""
Weights = Mapping[str, NDArray[Any]]


def write_sentence_encoder(weights: Weights, pieces: int, path: Path) -> int:
    """Write the graph to `path` and the words of the first `pieces` pieces to a file beside it; returns the width of a vector.

    The weights have the names of the package that they come from: `q1` to `q17` are the words, `q1` those of pieces 0, 17, 34 and so on,
    each part with a `scale` and a least value `lo`; `proj`, `w1_`, `w2_` are of the convolutions; `d0` to `d3`, `p1` and `p3` are dense.

    Raises:
        ModelError: weights are missing, or there are words for fewer pieces.
    """
    try:
        words = _words(weights, pieces)
        graph, width = _graph(weights, len(words))
    except (KeyError, ValueError) as exc:
        raise ModelError(f"the weights are not those of the multilingual encoder ({exc}); use the version that is pinned") from exc
    table = path.parent / Path(WORDS).name
    path.parent.mkdir(parents=True, exist_ok=True)
    words.tofile(table)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="streamrec")
    model.ir_version = 8
    path.write_bytes(model.SerializeToString())
    onnx.checker.check_model(str(path))
    return width


def _words(weights: Weights, pieces: int) -> NDArray[np.uint8]:
    """Words by token id: piece `n` of the vocabulary has the id n + 1, and the padding, 0, has none."""
    parts = len(weights["scale"])
    rows, width = weights["q1"].shape
    if rows * parts < pieces:
        raise ValueError(f"words for {rows * parts} pieces of {pieces}")
    table = np.zeros((rows * parts + 1, width), np.uint8)
    for part in range(parts):
        table[part + 1 :: parts] = weights[f"q{part + 1}"]
    return table[: pieces + 1]


class _Builder:
    """Nodes and constants of a graph, under names of their own."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def __call__(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """The output of a new node."""
        name = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """A constant."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype), name))
        return name

    def outside(self, name: str, shape: tuple[int, int]) -> str:
        """A table of bytes in the file of words."""
        tensor = TensorProto(name=name, data_type=TensorProto.UINT8, dims=shape, data_location=TensorProto.EXTERNAL)
        for key, value in {"location": Path(WORDS).name, "offset": 0, "length": shape[0] * shape[1]}.items():
            tensor.external_data.add(key=key, value=str(value))
        self.constants.append(tensor)
        return name

    def dense(self, rows: str, weight: NDArray[Any], bias: NDArray[Any] | None = None) -> str:
        """A matrix product."""
        product = self("MatMul", rows, self.constant(weight))
        return product if bias is None else self("Add", product, self.constant(bias))

    def normed(self, rows: str, weights: Weights, gain: NDArray[Any], shift: NDArray[Any]) -> str:
        """Layer normalisation over the last axis."""
        return self("LayerNormalization", rows, self.constant(gain), self.constant(shift), axis=-1, epsilon=float(weights["eps"]))

    def sliced(self, of: str, start: int, end: int, axis: int) -> str:
        """Positions from `start` to before `end` along an axis."""
        return self("Slice", of, *(self.constant([value], np.int64) for value in (start, end, axis)))


def _graph(weights: Weights, words: int) -> tuple[Any, int]:
    add = _Builder()
    parts, width = len(weights["scale"]), weights["q1"].shape[1]
    # Token ids are one above those of the pieces, by which the words were cut into parts.
    part = add("Mod", add("Add", "input_ids", add.constant(parts - 1, np.int32)), add.constant(parts, np.int32))
    codes = add("Cast", add("Gather", add.outside("words", (words, width)), "input_ids"), to=TensorProto.FLOAT)
    scale, least = (add("Gather", add.constant(weights[name][:, None]), part) for name in ("scale", "lo"))
    embedded = add("Add", add("Mul", codes, scale), least)
    mask = add("Unsqueeze", add("Cast", "attention_mask", to=TensorProto.FLOAT), add.constant([2], np.int64))
    joined = {name: np.concatenate([weights[f"{name}{order}"] for order in ORDERS], axis=-1) for name in ("proj", "proj_b", "ln_g", "ln_b")}
    projected = add.normed(add.dense(embedded, joined["proj"], joined["proj_b"]), weights, joined["ln_g"], joined["ln_b"])
    features, start = [embedded], 0
    for order in ORDERS:
        size = weights[f"proj{order}"].shape[1]
        states = add.sliced(projected, start, start + size, 2)
        for layer in ("1", "2"):
            states = _convolved(add, states, mask, weights[f"w{layer}_{order}"], weights[f"b{layer}_{order}"], order)
        features.append(states)
        start += size
    normed = add.normed(add("Concat", *features, axis=-1), weights, weights["ln_g"], weights["ln_b"])
    axis = add.constant([1], np.int64)
    length = add("ReduceSum", mask, axis, keepdims=0)
    total = add.dense(add("ReduceSum", add("Mul", normed, mask), axis, keepdims=0), weights["cnn_W"])
    total = add("Add", total, add("Mul", length, add.constant(weights["cnn_b"])))
    _dense(add, add("Div", total, add("Sqrt", length)), weights)
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, ["batch", "tokens"]) for name in ("input_ids", "attention_mask")]
    vectors = weights["d3"].shape[1]
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", vectors])
    return helper.make_graph(add.nodes, "sentences", inputs, [output], add.constants), vectors


def _convolved(add: _Builder, states: str, mask: str, weight: NDArray[Any], bias: NDArray[Any], order: int) -> str:
    """States and, added to them, what a convolution finds around each; beyond the ends of a text there are zeros."""
    before, behind = ORDERS[order]
    padded = add("Pad", add("Mul", states, mask), add.constant([0, before, 0, 0, behind, 0], np.int64))
    ends = [place - order + 1 or np.iinfo(np.int64).max for place in range(order)]
    window = add("Concat", *(add.sliced(padded, place, end, 1) for place, end in enumerate(ends)), axis=-1)
    return add("Add", add("Relu", add.dense(window, weight, bias)), states)


def _dense(add: _Builder, averaged: str, weights: Weights) -> None:
    """The residual layers, and the vector's length made 1."""
    first = add("Relu", add.dense(averaged, weights["d0"]))
    middle = add("Relu", add("Add", add.dense(averaged, weights["p1"]), add.dense(first, weights["d1"])))
    last = add("Relu", add.dense(middle, weights["d2"]))
    vector = add("Tanh", add("Add", add.dense(middle, weights["p3"]), add.dense(last, weights["d3"])))
    norm = add("ReduceL2", vector, axes=[1], keepdims=1)
    add.nodes.append(helper.make_node("Div", [vector, norm], ["output"], name="output"))
