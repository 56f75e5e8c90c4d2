from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from streamrec.bert.folder import CROSS_ENCODER, SHIPPED
from streamrec.bert.pairs import pair_inputs
from streamrec.bert.session import CPU, CUDA, OnnxSession
from streamrec.errors import DeviceUnavailable, ModelError

GRAPH = SHIPPED / CROSS_ENCODER


def test_the_provider_is_the_one_that_runs() -> None:
    assert OnnxSession(GRAPH, "cpu").provider == CPU


def test_auto_takes_a_provider_that_works() -> None:
    backend = OnnxSession(GRAPH, "auto")
    scores = backend.run(pair_inputs(np.array([[9, 10]], np.int32), np.array([[11]], np.int32)))
    assert backend.provider in (CPU, CUDA)
    assert np.isfinite(scores).all()


def test_cuda_refuses_to_fall_back_to_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CPU])
    with pytest.raises(DeviceUnavailable, match="device=auto"):
        OnnxSession(GRAPH, "cuda")


def test_cuda_that_does_not_load_is_no_silent_fall_back(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    session = ort.InferenceSession
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(ort, "InferenceSession", lambda path, options, providers: session(path, options, providers=[CPU]))
    with pytest.raises(DeviceUnavailable):
        OnnxSession(GRAPH, "cuda")
    assert OnnxSession(GRAPH, "auto").provider == CPU
    assert capfd.readouterr().out == ""


def test_a_broken_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match="export"):
        OnnxSession(tmp_path / "broken.onnx", "cpu")
