"""Plain ONNX Runtime as one writes it first: tokenise, pad to the longest there is, run batches of 32."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from common import Pair, Score, serve
from tokenizers import Tokenizer

BATCH = 32


def load(about: dict[str, Any]) -> tuple[Score, dict[str, Any]]:
    """The same weights by their plain ONNX graph."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = about["threads"]
    session = ort.InferenceSession(str(Path(about["hf"]) / "onnx" / "model.onnx"), options, providers=["CPUExecutionProvider"])
    wanted = [entry.name for entry in session.get_inputs()]
    tokeniser = Tokenizer.from_file(str(Path(about["hf"]) / "tokenizer.json"))
    tokeniser.no_padding()
    longest = max(len(found.ids) for found in tokeniser.encode_batch(about["pairs"]))
    tokeniser.enable_padding(length=longest)

    def score(pairs: Sequence[Pair]) -> Sequence[float]:
        scores: list[float] = []
        for start in range(0, len(pairs), BATCH):
            rows = tokeniser.encode_batch(list(pairs[start : start + BATCH]))
            columns = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
            feeds = {name: np.array([getattr(row, column) for row in rows], np.int64) for name, column in columns.items()}
            scores += session.run(None, {name: feeds[name] for name in wanted})[0][:, 0].tolist()
        return scores

    return score, {"version": _version(), "padded_to": longest, "precision": "fp32"}


def _version() -> str:
    try:
        return version("onnxruntime-gpu")
    except PackageNotFoundError:
        return version("onnxruntime")


serve(load)
