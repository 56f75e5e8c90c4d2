"""Int8 graphs with constant scales are like fp32, and a row's result is its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import onnx
import torch

from streamrec.bert import agreement
from streamrec.bert.pairs import text_inputs
from streamrec.bert.session import OnnxSession
from streamrec.training.graphs import exporting, halving, parity
from streamrec.training.graphs.quantise import eight_bits

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]


def texts(rows: int, width: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    ids = rng.integers(5, 300, (rows, width)).astype(np.int32)
    ids[np.arange(width)[None, :] >= rng.integers(1, width + 1, (rows, 1))] = 0
    return ids


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, parity.Figures]:
    from transformers import BertModel

    from streamrec.training.networks.bert import encoder_config

    torch.manual_seed(0)
    config = encoder_config(300, 2)
    config._attn_implementation = "eager"
    network = BertModel(config, add_pooling_layer=False).eval()
    halving.halve_words(network)
    path = tmp_path_factory.mktemp("graphs") / "encoder.onnx"
    real = [text_inputs(texts(16, 12, seed)) for seed in range(6)]
    return path, exporting.export_graph(exporting.VectorHead(network), path, real[:2], real)


def test_the_graphs_are_like_torch(exported: tuple[Path, parity.Figures]) -> None:
    path, found = exported
    assert found["encoder.onnx"] <= parity.TOLERANCE
    assert parity.narrow_of(found)["encoder.int8.onnx"].alike >= 0.99
    assert path.with_suffix(".int8.onnx").stat().st_size < 0.5 * path.stat().st_size


def test_a_text_has_the_same_int8_vector_alone_and_in_any_batch(exported: tuple[Path, parity.Figures]) -> None:
    backend = OnnxSession(exported[0].with_suffix(".int8.onnx"), "cpu")
    tokens = texts(12, 20, 9)
    together = backend.run(text_inputs(tokens))
    for row, vector in zip(tokens, together, strict=True):
        assert np.abs(backend.run(text_inputs(row[None])) - vector).max() < 1e-5
    assert np.abs(backend.run(text_inputs(tokens[::-1])) - together[::-1]).max() < 1e-5


def test_all_products_with_matrices_are_int8(exported: tuple[Path, parity.Figures]) -> None:
    graph = onnx.load(str(exported[0].with_suffix(".int8.onnx"))).graph
    constants = {tensor.name for tensor in graph.initializer}
    kinds = [node.op_type for node in graph.node]
    assert kinds.count("MatMulIntegerToFloat") == 2 * 6
    assert not [node for node in graph.node if node.op_type == "MatMul" and node.input[1] in constants]
    assert kinds.count("QuantizeLinear") == 2 * 4


def test_a_narrow_graph_that_is_not_like_fp32_is_not_kept(exported: tuple[Path, parity.Figures], monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = exported
    narrow = path.with_name("copy.onnx")
    narrow.write_bytes(path.with_suffix(".int8.onnx").read_bytes())
    monkeypatch.setattr(agreement, "LEAST_LIKENESS", 1.1)
    found = parity.agreement_of(path, narrow, [text_inputs(texts(4, 8, 3))])
    assert not narrow.exists()
    assert parity.dropped({"copy.onnx": found}) == {"onnx/copy.onnx": found.alike}
    assert "not kept, fp32 serves in its place" in parity.alike_in_words("copy.onnx", found)


def test_eight_bits_are_off_by_half_a_step_at_most() -> None:
    matrix = np.random.default_rng(1).normal(size=(40, 7)).astype(np.float32)
    matrix[:, 3] = 0
    codes, scales = eight_bits(matrix, axis=0)
    assert codes.dtype == np.int8
    assert (np.abs(codes * scales - matrix) <= scales / 2 + 1e-6).all()
