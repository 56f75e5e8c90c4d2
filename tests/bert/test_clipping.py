"""A processor that clips the sums of u8 x s8 multiplies u8 by u8, and scores as any other."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from streamrec.bert import clipping, session
from streamrec.bert.folder import SHIPPED
from streamrec.bert.pairs import pair_inputs
from streamrec.bert.session import OnnxSession

NARROW = SHIPPED / "onnx" / "cross_encoder.int8.onnx"
PRECISE = "session.x64quantprecision"


class Clipping:
    """A session that adds the products of two neighbours in 16 bits, as x86-64 without VNNI does."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def run(self, _: object, feeds: dict[str, Any]) -> list[Any]:
        a, b = (feeds[name].astype(np.int64) for name in "ab")
        products = a[:, :, None] * b[None, :, :]
        return [np.clip(products[:, ::2] + products[:, 1::2], -(1 << 15), (1 << 15) - 1).sum(axis=1).astype(np.int32)]


def test_sums_that_are_clipped_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "InferenceSession", Clipping)
    assert clipping.clips.__wrapped__()


def test_exact_sums_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    class Exact(Clipping):
        def run(self, _: object, feeds: dict[str, Any]) -> list[Any]:
            return [feeds["a"].astype(np.int32) @ feeds["b"].astype(np.int32)]

    monkeypatch.setattr(ort, "InferenceSession", Exact)
    assert not clipping.clips.__wrapped__()


@pytest.mark.train
def test_the_probe_is_one_product_of_u8_and_s8() -> None:
    onnx = pytest.importorskip("onnx")
    graph = onnx.load_from_string(clipping.PRODUCT).graph
    assert [(node.op_type, list(node.input)) for node in graph.node] == [("MatMulInteger", ["a", "b"])]
    kinds = [value.type.tensor_type.elem_type for value in graph.input]
    assert kinds == [onnx.TensorProto.UINT8, onnx.TensorProto.INT8]


def test_only_a_processor_that_clips_is_asked_for_u8_by_u8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "clips", lambda: True)
    assert session._options(1).get_session_config_entry(PRECISE) == "1"
    monkeypatch.setattr(session, "clips", lambda: False)
    with pytest.raises(RuntimeError, match=PRECISE):
        session._options(1).get_session_config_entry(PRECISE)


def test_int8_scores_of_u8_by_u8_are_those_of_any_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    feeds = pair_inputs(rng.integers(5, 30_000, (32, 20)).astype(np.int32), rng.integers(5, 30_000, (32, 12)).astype(np.int32))
    here = OnnxSession(NARROW, "cpu").run(feeds)
    monkeypatch.setattr(session, "clips", lambda: True)
    np.testing.assert_allclose(OnnxSession(NARROW, "cpu").run(feeds), here, atol=1e-5)
