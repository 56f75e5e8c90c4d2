import re
import threading
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnxruntime as ort
import pytest

from streamrec.bert import session as session_module
from streamrec.bert.buckets import BoundSession
from streamrec.bert.card import Share
from streamrec.bert.folder import CROSS_ENCODER, SHIPPED
from streamrec.bert.pairs import pair_inputs
from streamrec.bert.session import CPU, CUDA, OnnxSession
from streamrec.errors import DeviceUnavailable, ModelError

GRAPH = SHIPPED / CROSS_ENCODER
INFERENCE_SESSION = ort.InferenceSession


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


class OnCard:
    """A session of the CPU that says it is on a card, on which nothing can be recorded."""

    asked: ClassVar[list[dict[str, str]]] = []

    def __init__(self, path: str, options: Any, providers: list[Any]) -> None:
        (name, wanted), fallback = providers
        assert (name, fallback) == (CUDA, CPU)
        OnCard.asked.append(wanted)
        if "enable_cuda_graph" in wanted:
            raise RuntimeError("not all nodes are on the card")
        self._session = INFERENCE_SESSION(path, options, providers=[CPU])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def get_providers(self) -> list[str]:
        return [CUDA, CPU]


def test_a_graph_that_cannot_be_recorded_runs_on_the_card_without(monkeypatch: pytest.MonkeyPatch) -> None:
    OnCard.asked.clear()
    bound: list[bool] = []
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(ort, "InferenceSession", OnCard)
    monkeypatch.setattr(
        session_module, "BoundSession", lambda session, device, graphs: bound.append(graphs) or BoundSession(session._session, "cpu")
    )
    backend = OnnxSession(GRAPH, "cuda", share=Share(2000, graphs=True))
    assert [one.get("enable_cuda_graph") for one in OnCard.asked] == ["1", None]
    assert {one["gpu_mem_limit"] for one in OnCard.asked} == {str(2000 << 20)}
    assert bound == [False]
    assert (backend.provider, backend.device) == (CUDA, "cuda")
    assert re.fullmatch(r"0 operators on the card and \d+ on the CPU", backend.remark)
    feeds = pair_inputs(np.array([[9, 10]], np.int32), np.array([[11]], np.int32))
    np.testing.assert_allclose(backend.run(feeds), INFERENCE_SESSION(str(GRAPH), providers=[CPU]).run(None, feeds)[0], atol=1e-5)


def test_where_graphs_are_on_no_two_threads_run_at_once() -> None:
    backends = [OnnxSession(GRAPH, "cpu", share=Share(graphs=True)) for _ in range(2)]
    feeds = pair_inputs(np.array([[9, 10]], np.int32), np.array([[11]], np.int32))
    done = threading.Event()

    def run() -> None:
        backends[1].run(feeds)
        done.set()

    with session_module.TURN:
        backends[0].run(feeds)
        thread = threading.Thread(target=run)
        thread.start()
        assert not done.wait(0.2)
    thread.join()
    assert done.is_set()


def test_nothing_is_recorded_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    OnCard.asked.clear()
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(ort, "InferenceSession", OnCard)
    monkeypatch.setattr(session_module, "BoundSession", lambda session, device, graphs: BoundSession(session._session, "cpu"))
    OnnxSession(GRAPH, "auto")
    assert OnCard.asked == [Share().options()]
