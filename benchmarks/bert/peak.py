"""How much of what the machine can multiply the graphs make use of: matrix products and models in one process, turn by turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from streamrec.bert.folder import CROSS_ENCODER, SHIPPED
from streamrec.bert.runtime import Device
from streamrec.bert.session import CPU, CUDA, OnnxSession

ROWS, TOKENS = 32, 32
SHAPES = ((2048, 768, 768), (1024, 384, 1536), (1024, 1536, 384))
Run = Callable[[], Any]


def fractions(folder: Path, rounds: int, device: Device = "cpu") -> dict[str, float]:
    """Operations per second over the best matrix product's, in fp32 and int8, for MiniLM-L6 and the shipped model; best of all rounds.

    Batches of 32 rows of 32 tokens, one thread, by the time that it has had the processor. Counted are the operations that the
    graphs carry out.
    """
    provider = CUDA if device == "cuda" else CPU
    kinds = ("fp32", "fp16") if device == "cuda" else ("fp32", "int8")
    work: dict[str, list[tuple[Run, float]]] = {f"gemm_{kind}": [product(shape, kind, provider) for shape in SHAPES] for kind in kinds}
    for name, path, last_is_short in (("minilm_l6", folder, True), ("shipped", SHIPPED, False)):
        for kind in kinds:
            graph = path / (CROSS_ENCODER if kind == "fp32" else CROSS_ENCODER.replace(".onnx", f".{kind}.onnx"))
            if graph.is_file():
                work[f"{name}_{kind}"] = [_model(graph, path, last_is_short, device)]
    clock = time.perf_counter if device == "cuda" else time.thread_time
    best = dict.fromkeys(work, 0.0)
    for _ in range(rounds):
        for name, runs in work.items():
            for run, operations in runs:
                begin = clock()
                run()
                best[name] = max(best[name], operations / (clock() - begin) / 1e9)
    found = {f"{name}_gops": round(value, 1) for name, value in best.items()}
    for name, value in best.items():
        model, _, kind = name.rpartition("_")
        if model != "gemm":
            found[f"{model}_fraction_{kind}"] = round(value / best[f"gemm_{kind}"], 3)
    return found


def product(shape: tuple[int, int, int], kind: str, provider: str) -> tuple[Run, float]:
    """A product of this shape on a device, and the operations that it takes."""
    rows, inner, columns = shape
    rng = np.random.default_rng(0)
    if kind in ("fp32", "fp16"):
        number, dtype = (TensorProto.FLOAT, np.float32) if kind == "fp32" else (TensorProto.FLOAT16, np.float16)
        operator, given, made = "MatMul", number, number
        left, right = (rng.standard_normal(size, np.float32).astype(dtype) for size in ((rows, inner), (inner, columns)))
    else:
        operator, given, made = "MatMulInteger", TensorProto.UINT8, TensorProto.INT32
        left, right = rng.integers(0, 255, (rows, inner), np.uint8), rng.integers(-127, 127, (inner, columns), np.int8)
    graph = helper.make_graph(
        [helper.make_node(operator, ["left", "right"], ["product"])],
        "product",
        [helper.make_tensor_value_info("left", given, [rows, inner])],
        [helper.make_tensor_value_info("product", made, [rows, columns])],
        [numpy_helper.from_array(right, "right")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=[provider])
    binding = session.io_binding()
    binding.bind_cpu_input("left", left)
    binding.bind_output("product", "cuda" if provider == CUDA else "cpu")
    return lambda: session.run_with_iobinding(binding), 2.0 * rows * inner * columns


def _model(graph: Path, folder: Path, last_is_short: bool, device: Device) -> tuple[Run, float]:
    sizes = msgspec.json.decode((folder / "config.json").read_bytes())
    rng = np.random.default_rng(0)
    ids = rng.integers(5, sizes["vocab_size"], (ROWS, TOKENS)).astype(np.int32)
    types = np.repeat(np.arange(TOKENS)[None] >= TOKENS // 2, ROWS, axis=0).astype(np.int32)
    feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": types}
    backend = OnnxSession(graph, device)
    return lambda: backend.run(feeds), ROWS * operations(sizes, TOKENS, last_is_short)


def operations(sizes: dict[str, int], tokens: int, last_is_short: bool) -> float:
    """Multiplications and additions of one row's layers; in a short last layer, only [CLS] is computed behind keys and values."""
    hidden, inner, layers = sizes["hidden_size"], sizes["intermediate_size"], sizes["num_hidden_layers"]
    per_token, attention = 2 * (4 * hidden * hidden + 2 * hidden * inner), 4 * tokens * hidden
    whole = tokens * (per_token + attention)
    short = 4 * tokens * hidden * hidden + (2 * (2 * hidden * hidden + 2 * hidden * inner) + attention)
    return float((layers - 1) * whole + (short if last_is_short else whole))
