"""The fp16 twin scores as the fp32 graph does, even where every single operator rounds to half precision."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import onnx
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from typer.testing import CliRunner

from streamrec.bert.agreement import Agreement
from streamrec.bert.folder import CROSS_ENCODER, SHIPPED, ModelFolder, seal, verify
from streamrec.bert.reference import reference
from streamrec.bert.runtime import Arrays
from streamrec.bert.session import OnnxSession
from streamrec.bert.tokens import Tokeniser
from streamrec.cli.models import app
from streamrec.errors import ModelError
from streamrec.training.graphs.half_twin import half_twin
from streamrec.training.steps.halve import halve

pytestmark = pytest.mark.train
WIDE = SHIPPED / CROSS_ENCODER
NARROW = WIDE.with_suffix(".fp16.onnx")


def _narrowed(values: Any, like: Any) -> Any:
    return values.astype(like.dtype)


def _normal(values: Any, gamma: Any, beta: Any) -> Any:
    wide = values.astype(np.float32)
    scaled = (wide - wide.mean(-1, keepdims=True)) / np.sqrt(wide.var(-1, keepdims=True) + 1e-12)
    return scaled * gamma.astype(np.float32) + beta.astype(np.float32)


class Attention(OpRun):  # type: ignore[misc]
    """As ONNX Runtime documents it: scores and shares in fp32, products rounded to what they are made of."""

    op_domain = "com.microsoft"

    def _run(self, states: Any, weight: Any, bias: Any, keys: Any, num_heads: int = 1, **_: Any) -> Any:
        rows, tokens, width = states.shape
        joined = _narrowed(states.astype(np.float32) @ weight.astype(np.float32), states) + bias
        query, key, value = joined.reshape(rows, tokens, 3, num_heads, -1).transpose(2, 0, 3, 1, 4).astype(np.float32)
        near = _narrowed(query @ key.swapaxes(-1, -2) / np.sqrt(width / num_heads), states).astype(np.float32)
        near = np.where(np.arange(tokens) < keys[:, None, None, None], near, -np.inf)
        shares = np.exp(near - near.max(-1, keepdims=True))
        shares = _narrowed(shares / shares.sum(-1, keepdims=True), states).astype(np.float32)
        return (_narrowed((shares @ value).transpose(0, 2, 1, 3).reshape(states.shape), states),)


class SkipLayerNormalization(OpRun):  # type: ignore[misc]
    """Sum and normalisation; the sum is rounded."""

    op_domain = "com.microsoft"

    def _run(self, states: Any, skip: Any, gamma: Any, beta: Any, bias: Any, **_: Any) -> Any:
        return (_narrowed(_normal(states + skip + bias, gamma, beta), states),)


class BiasGelu(OpRun):  # type: ignore[misc]
    """The exact GELU of a sum."""

    op_domain = "com.microsoft"

    def _run(self, states: Any, bias: Any) -> Any:
        import torch

        wide = torch.from_numpy((states + bias).astype(np.float32))
        return (_narrowed(torch.nn.functional.gelu(wide).numpy(), states),)


class LayerNormalization(OpRun):  # type: ignore[misc]
    """That of the embeddings."""

    def _run(self, states: Any, gamma: Any, beta: Any, **_: Any) -> Any:
        return (_narrowed(_normal(states, gamma, beta), states),)


def rounded_at_every_step(path: Path, feeds: Arrays) -> Any:
    """What a graph gives when each operator rounds to its own precision, as on a card, and nothing is left out between them."""
    model = onnx.load(str(path))
    own = (Attention, SkipLayerNormalization, BiasGelu)
    kinds = {one.__name__ for one in own}
    for node in model.graph.node:
        node.domain = "com.microsoft" if node.op_type in kinds else node.domain
    model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    return ReferenceEvaluator(model, new_ops=[*own, LayerNormalization]).run(None, dict(feeds))[0]


@pytest.fixture(scope="module")
def feeds() -> Arrays:
    folder = ModelFolder.load()
    return reference(folder, Tokeniser(folder.path / "tokenizer.json"), OnnxSession).feeds


def test_the_evaluator_of_these_tests_computes_what_onnx_runtime_does(feeds: Arrays) -> None:
    np.testing.assert_allclose(rounded_at_every_step(WIDE, feeds), OnnxSession(WIDE, "cpu").run(feeds), atol=1e-4)


def test_the_shipped_twin_ranks_as_fp32_where_every_operator_rounds_to_half_precision(feeds: Arrays) -> None:
    found = Agreement.of(rounded_at_every_step(NARROW, feeds), OnnxSession(WIDE, "cpu").run(feeds))
    assert found.alike > 0.9999
    assert found.order > 0.99
    assert found.apart < 0.02


def test_the_shipped_twin_on_this_cpu_ranks_as_fp32(feeds: Arrays) -> None:
    found = Agreement.of(OnnxSession(NARROW, "cpu").run(feeds), OnnxSession(WIDE, "cpu").run(feeds))
    assert found.alike > 0.9999
    assert found.order > 0.99


def test_the_shipped_twin_is_what_the_command_makes() -> None:
    made = half_twin(onnx.load(str(WIDE)))
    kept = onnx.load(str(NARROW))
    assert [(node.op_type, node.output) for node in made.graph.node] == [(node.op_type, node.output) for node in kept.graph.node]
    for one, other in zip(made.graph.initializer, kept.graph.initializer, strict=True):
        np.testing.assert_array_equal(onnx.numpy_helper.to_array(one), onnx.numpy_helper.to_array(other))


def test_products_of_the_layers_are_in_half_precision_and_the_head_is_not() -> None:
    graph = onnx.load(str(NARROW)).graph
    kinds = {tensor.name: tensor.data_type for tensor in graph.initializer}
    read = Counter(
        (node.op_type, kinds[node.input[1]])
        for node in graph.node
        if node.op_type in ("Attention", "MatMul", "Gemm") and node.input[1] in kinds
    )
    half, wide = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    assert read == {("Attention", half): 2, ("MatMul", half): 6, ("MatMul", wide): 2, ("Gemm", wide): 2}
    assert [output.type.tensor_type.elem_type for output in graph.output] == [wide]


def test_a_folder_without_the_twin_is_given_one_and_serves(folder: Path) -> None:
    (folder / NARROW.relative_to(SHIPPED)).unlink()
    seal(folder)
    (found,) = halve(folder).values()
    assert found.sound
    assert set(verify(folder).values()) == {"ok"}
    assert (folder / NARROW.relative_to(SHIPPED)).read_bytes() == NARROW.read_bytes()


def test_the_command_says_how_far_the_twin_agrees(folder: Path) -> None:
    done = CliRunner().invoke(app, ["halve", str(folder), "--json"], catch_exceptions=False)
    found = json.loads(done.stdout)[NARROW.name]
    assert found["alike"] > 0.9999
    assert found["order"] > 0.99
    assert CliRunner().invoke(app, ["halve", str(folder)]).stdout.startswith(f"{NARROW.name} 1.0000")


def test_a_graph_without_fused_attention_gets_no_twin(folder: Path) -> None:
    wide, unfused = folder / CROSS_ENCODER, folder / "onnx" / "cross_encoder.int8.onnx"
    wide.write_bytes(unfused.read_bytes())
    seal(folder)
    with pytest.raises(ModelError, match="no fused attention"):
        halve(folder)
