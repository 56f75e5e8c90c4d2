"""One file of word vectors for all graphs of a folder: two thirds of the bytes of each graph would be its word table.

Of the shipped model's 34,828 tokens 24,814 are ideographs that are in no list which the cross-encoder learned from. Their rows are the
encoder's, so both graphs read them in one place. The int8 graph rounds the rows that it looks up to the very codes that it would have kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from streamrec.bert import folder
from streamrec.training.graphs.quantise import word_table

WORDS = Path(folder.WORDS).name
BYTES = 2
"""Of a number in half precision."""
PLACES = "word_rows"
"""The row of the file that each row of a graph's own table has."""
TO_EVEN = "round_to_even"
"""1.5 x 2^23: what it is added to and taken from again is rounded to the nearest whole number, ties to even, as numpy rounds codes.
ONNX Runtime's Round does one number at a time: with it the int8 graph took a tenth longer, so it takes no longer at all."""
DECAYED = 1e-3
"""Rows that differ by no more than this from a multiple of the former ones were not learned: weight decay alone leaves some 6e-4 in half
precision, and the rows that were learned differ by a hundredth and more."""


def unlearned(words: NDArray[np.floating], start: NDArray[np.floating]) -> NDArray[np.bool_]:
    """The rows of a table (tokens, dim) that training has only made shorter, from what they were at its `start`."""
    ours, before = words.astype(np.float64), start.astype(np.float64)
    factor = (ours * before).sum(axis=1) / np.maximum((before * before).sum(axis=1), 1e-30)
    apart = np.abs(ours - factor[:, None] * before).max(axis=1)
    return np.asarray((apart <= DECAYED * np.abs(before).max(axis=1)) & (factor > 0.99) & (factor < 1.001))


@torch.no_grad()  # type: ignore[untyped-decorator]
def keep_unlearned(network: Any, start: Any) -> None:
    """Give a network the rows of its start for words that it did not learn; one that was given another vocabulary stays as it is."""
    ours, before = (bert.get_input_embeddings().weight for bert in (network, start))
    if ours.shape == before.shape:
        rows = torch.from_numpy(np.flatnonzero(unlearned(ours.numpy(), before.numpy())))
        ours[rows] = before[rows]


def share_words(encoder: Path, cross_encoder: Path) -> None:
    """Move the word tables of both fp32 graphs, and of the int8 graph beside the second, into one file beside them.

    Every row is kept bit for bit. Graphs whose tables do not have half precision and one width stay as they are.
    """
    wide, pairs = onnx.load(str(encoder)), onnx.load(str(cross_encoder))
    table, own = (numpy_helper.to_array(word_table(model.graph)) for model in (wide, pairs))
    if table.dtype != np.float16 or own.dtype != np.float16 or table.shape[1] != own.shape[1]:
        return
    row_of = {row.tobytes(): number for number, row in enumerate(table)}
    places = np.array([row_of.get(row.tobytes(), -1) for row in own], np.int32)
    (alone,) = np.nonzero(places < 0)
    places[alone] = len(table) + np.arange(len(alone))
    (encoder.parent / WORDS).write_bytes(table.tobytes() + own[alone].tobytes())
    _point(word_table(wide.graph), len(table), table.shape[1])
    encoder.write_bytes(wide.SerializeToString())
    rows = len(table) + len(alone)
    _read_by_place(pairs.graph, places, rows)
    cross_encoder.write_bytes(pairs.SerializeToString())
    narrow = cross_encoder.with_suffix(".int8.onnx")
    if narrow.is_file():
        small = onnx.load(str(narrow))
        if _round_looked_up(small.graph, own, places, rows):
            narrow.write_bytes(small.SerializeToString())


def read_words_of(path: Path, model: Any) -> None:
    """Let a graph whose word table is that of the graph `path` read it where this one does: in the shared file, if it is there."""
    graph = onnx.load(str(path), load_external_data=False).graph
    shared = next((tensor for tensor in graph.initializer if tensor.data_location == TensorProto.EXTERNAL), None)
    if shared is not None:
        _point(next(tensor for tensor in model.graph.initializer if tensor.name == shared.name), *shared.dims)


def unread(path: Path) -> int:
    """How many numbers of the shared file a graph loads and never reads, 0 when its words are its own."""
    graph = onnx.load(str(path), load_external_data=False).graph
    shared = next((tensor for tensor in graph.initializer if tensor.data_location == TensorProto.EXTERNAL), None)
    places = next((numpy_helper.to_array(tensor) for tensor in graph.initializer if tensor.name == PLACES), None)
    return 0 if shared is None or places is None else int(shared.dims[1] * (shared.dims[0] - len(np.unique(places))))


def bytes_of(path: Path) -> int:
    """The bytes of a graph, with those of the word vectors that it reads."""
    graph = onnx.load(str(path), load_external_data=False).graph
    shared = sum(BYTES * int(np.prod(tensor.dims)) for tensor in graph.initializer if tensor.data_location == TensorProto.EXTERNAL)
    return path.stat().st_size + shared - BYTES * unread(path)


def _point(tensor: Any, rows: int, width: int) -> None:
    """Make a tensor the first `rows` rows of the file."""
    name = tensor.name
    tensor.Clear()
    tensor.name, tensor.data_type, tensor.data_location = name, TensorProto.FLOAT16, TensorProto.EXTERNAL
    tensor.dims.extend([rows, width])
    for key, value in (("location", WORDS), ("offset", "0"), ("length", str(BYTES * rows * width))):
        tensor.external_data.add(key=key, value=value)


def _read_by_place(graph: Any, places: NDArray[np.int32], rows: int) -> None:
    """Let every lookup of a word in a graph first look up its place in the file."""
    table = word_table(graph)
    name, width = table.name, table.dims[1]
    _point(table, rows, width)
    graph.initializer.append(numpy_helper.from_array(places, PLACES))
    for position, node in [(at, node) for at, node in enumerate(graph.node) if node.op_type == "Gather" and node.input[0] == name][::-1]:
        placed = f"{node.output[0]}_places"
        graph.node.insert(position, helper.make_node("Gather", [PLACES, node.input[1]], [placed], name=placed))
        node.input[1] = placed


def _round_looked_up(graph: Any, own: NDArray[np.float16], places: NDArray[np.int32], rows: int) -> bool:
    """Let an int8 graph round words from the file instead of keeping their codes; whether these would be its codes, else it stays."""
    codes = word_table(graph)
    table = codes.name.removesuffix("_codes")
    scales = next(numpy_helper.to_array(tensor) for tensor in graph.initializer if tensor.name == f"{table}_scales")
    if not np.array_equal(np.rint(own.astype(np.float32) / scales), numpy_helper.to_array(codes)):
        return False
    looked_up = {node.output[0]: node.input[1] for node in graph.node if node.op_type == "Gather" and node.input[0] == codes.name}
    nodes: list[Any] = []
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in looked_up:
            nodes += _rounded(node, table, looked_up[node.input[0]])
        elif node.output[0] not in looked_up:
            nodes.append(node)
    kept = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(kept)
    width = codes.dims[1]
    codes.name = table
    _point(codes, rows, width)
    graph.initializer.append(numpy_helper.from_array(places, PLACES))
    graph.initializer.append(numpy_helper.from_array(np.array(1.5 * 2**23, np.float32), TO_EVEN))
    return True


def _rounded(cast: Any, table: str, ids: str) -> list[Any]:
    """The nodes that make what `cast` made of codes, as `quantise.eight_bits` does: a word of the file in steps of its row's scale."""
    word = cast.output[0].removesuffix("_cast")
    return [
        helper.make_node("Gather", [PLACES, ids], [f"{word}_places"], name=f"{word}_places"),
        helper.make_node("Gather", [table, f"{word}_places"], [f"{word}_half"], name=f"{word}_half"),
        helper.make_node("Cast", [f"{word}_half"], [f"{word}_wide"], name=f"{word}_wide", to=TensorProto.FLOAT),
        helper.make_node("Div", [f"{word}_wide", f"{word}_scale"], [f"{word}_steps"], name=f"{word}_steps"),
        helper.make_node("Add", [f"{word}_steps", TO_EVEN], [f"{word}_raised"], name=f"{word}_raised"),
        helper.make_node("Sub", [f"{word}_raised", TO_EVEN], list(cast.output), name=f"{word}_rounded"),
    ]
