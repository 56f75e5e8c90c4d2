"""ONNX Runtime behind the seam of `bert/runtime.py`: where a graph runs is asked of the session, never assumed."""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime as ort
from numpy.typing import DTypeLike, NDArray

from streamrec.bert.buckets import NOT_RECORDED, BoundSession, numbered
from streamrec.bert.card import TURN, Share
from streamrec.bert.clipping import clips
from streamrec.bert.runtime import PROBE, Arrays, Device
from streamrec.catalogue.text import CPU
from streamrec.errors import DeviceUnavailable, ModelError

CUDA = "CUDAExecutionProvider"
DEFAULT_SHARE = Share()
_TYPES = {"tensor(int32)": np.int32, "tensor(int64)": np.int64, "tensor(float)": np.float32, "tensor(float16)": np.float16}


class OnnxSession:
    """One ONNX Runtime session, see `Session`. Construct them one after the other: construction is not thread-safe and holds the GIL.

    On CUDA a graph of tokens runs with bound buffers, in shapes of which only some are kept.
    """

    def __init__(
        self, path: Path, device: Device = "auto", threads: int = 1, probe: Arrays = PROBE, *, share: Share = DEFAULT_SHARE
    ) -> None:
        """See `Runtime`; `share` is that of the card."""
        self._share = replace(share, graphs=False)
        self._turn = TURN if share.graphs else nullcontext()
        with self._turn:
            self._session, graphs = _session(path, device, threads, probe, share)
        self._types = _types(self._session)
        self.provider: str = self._session.get_providers()[0]
        self.device: Literal["cpu", "cuda"] = "cuda" if self.provider == CUDA else "cpu"
        self.remark: str = _placed(self._session) if self.device == "cuda" else "by u8 x u8 since it clips u8 x s8" if clips() else ""
        bound = self.device == "cuda" and self._types.keys() <= PROBE.keys()
        self._bound = BoundSession(self._session, "cuda", graphs) if bound else None
        try:
            self.run(probe)
        except Exception as exc:  # onnxruntime's exceptions share no base class
            raise ModelError(f"ONNX Runtime cannot run {path}: {exc}; export the model anew") from exc

    def run(self, feeds: Arrays) -> NDArray[np.float32]:
        """See `Session.run`."""
        wanted: Arrays = {name: feeds[name].astype(dtype, copy=False) for name, dtype in self._types.items()}
        with self._turn:
            if self._bound is not None:
                return self._bound.run(wanted)
            output: NDArray[np.float32] = self._session.run(None, wanted)[0]
        return output

    def beside(self, graph: bytes) -> ort.InferenceSession:
        """A session for a graph of a node or two where this one runs; see `hold`."""
        providers = [(CUDA, self._share.options()), CPU] if self.device == "cuda" else [CPU]
        with self._turn:
            return ort.InferenceSession(graph, _options(1), providers=providers)

    def room(self, shape: tuple[int, ...], dtype: DTypeLike) -> Any:
        """Room for an array on the device, which `update_inplace` fills and `hold` takes."""
        with self._turn:
            return ort.OrtValue.ortvalue_from_shape_and_type(shape, dtype, self.device)

    def hold(self, graph: ort.InferenceSession, feeds: Arrays, held: Mapping[str, Any], into: Any = None) -> Any:
        """Run such a graph on `feeds` and values that lie on the device; its output stays there, in `into` if that is given."""
        return self._bound_run(graph, feeds, held, lambda binding, name: _bind_output(binding, name, self.device, into)).get_outputs()[0]

    def run_held(self, feeds: Arrays, held: Mapping[str, Any]) -> NDArray[np.float32]:
        """Like `run`, with further inputs that lie on the device."""
        wanted: Arrays = {name: feeds[name].astype(dtype, copy=False) for name, dtype in self._types.items() if name not in held}
        output: NDArray[np.float32] = self._bound_run(
            self._session, wanted, held, lambda binding, name: binding.bind_output(name, "cpu")
        ).copy_outputs_to_cpu()[0]
        return output

    def _bound_run(
        self, graph: ort.InferenceSession, feeds: Arrays, held: Mapping[str, Any], bind_output: Callable[[Any, str], None]
    ) -> Any:
        with self._turn:
            binding = graph.io_binding()
            for name, block in feeds.items():
                binding.bind_cpu_input(name, np.ascontiguousarray(block))
            for name, value in held.items():
                binding.bind_ortvalue_input(name, value)
            bind_output(binding, graph.get_outputs()[0].name)
            graph.run_with_iobinding(binding)
        return binding


def _bind_output(binding: Any, name: str, device: str, into: Any) -> None:
    if into is None:
        binding.bind_output(name, device)
    else:
        binding.bind_ortvalue_output(name, into)


def _session(path: Path, device: Device, threads: int, probe: Arrays, share: Share) -> tuple[ort.InferenceSession, bool]:
    """The session, and whether it may record CUDA graphs."""
    if device != "cpu":
        if CUDA in ort.get_available_providers():
            # Only a graph of tokens has so few shapes, and one with an operator that CUDA lacks cannot be recorded.
            for graphs in (True, False) if share.graphs and probe is PROBE else (False,):
                session = _cuda_session(path, threads, probe, replace(share, graphs=graphs))
                if session is not None:
                    return session, graphs
        if device == "cuda":
            raise DeviceUnavailable(
                "device=cuda was asked for, but CUDA does not run the model here; install `streamrec[gpu]` and a driver for CUDA 13, "
                "or set device=auto or device=cpu"
            )
    try:
        return ort.InferenceSession(str(path), _options(threads), providers=[CPU]), False
    except Exception as exc:  # onnxruntime's exceptions share no base class
        raise ModelError(f"ONNX Runtime cannot load {path}: {exc}; export the model anew") from exc


def _cuda_session(path: Path, threads: int, probe: Arrays, share: Share) -> ort.InferenceSession | None:
    # A machine without CUDA is no fault when `auto` only tries it; ONNX Runtime would print errors of its own all the same.
    ort.set_default_logger_severity(4)
    options = _options(threads)
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints what it cannot find
            ort.preload_dlls()
        session = ort.InferenceSession(str(path), options, providers=[(CUDA, share.options()), CPU])
        if session.get_providers()[0] != CUDA:
            return None
        session.run(None, {name: probe[name].astype(dtype) for name, dtype in _types(session).items()}, numbered(NOT_RECORDED))
    except Exception:  # whatever CUDA says here means: not on this machine; `device=cuda` turns it into an error
        return None
    finally:
        ort.set_default_logger_severity(2)
    return session


def _placed(session: ort.InferenceSession) -> str:
    """How many operators of a graph each provider has; shapes are computed on the CPU by design, and little else should be."""
    counts: Counter[str] = Counter()
    for part in session.get_provider_graph_assignment_info():
        counts[part.ep_name] += len(part.get_nodes())
    return f"{counts[CUDA]} operators on the card and {counts.total() - counts[CUDA]} on the CPU"


def _types(session: ort.InferenceSession) -> dict[str, type]:
    return {entry.name: _TYPES[entry.type] for entry in session.get_inputs()}


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    # Several runs go on at once, each on one thread: on two busy cores a run on two threads was slower than on one.
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A spinning pool starves its own peer when the cores are shared.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if clips():
        # u8 x u8 has no such kernel: exact, and a sixth slower than the clipped sums. With VNNI it would cost a third for nothing.
        options.add_session_config_entry("session.x64quantprecision", "1")
    return options
