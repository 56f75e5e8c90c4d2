"""fastembed's TextCrossEncoder on ONNX Runtime; lives in an environment of its own, as it brings another ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from common import Pair, Score, serve
from fastembed.common.model_description import ModelSource
from fastembed.rerank.cross_encoder import TextCrossEncoder


def load(about: dict[str, Any]) -> tuple[Score, dict[str, Any]]:
    """The same weights by their plain ONNX graph."""
    TextCrossEncoder.add_custom_model(model="bench", sources=ModelSource(hf="bench/bench"), model_file="onnx/model.onnx")
    model = TextCrossEncoder("bench", threads=about["threads"], specific_model_path=about["hf"])

    def score(pairs: Sequence[Pair]) -> Sequence[float]:
        return list(model.rerank_pairs(list(pairs)))

    return score, {"version": version("fastembed"), "onnxruntime": version("onnxruntime"), "precision": "fp32"}


serve(load)
