"""Whatever satisfies the protocol of a runtime can serve a model."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

import streamrec
from streamrec.bert.folder import CROSS_ENCODER, ENCODER, SHIPPED
from streamrec.bert.model import TextModel
from streamrec.bert.pairs import pair_inputs
from streamrec.bert.runtime import PROBE, Arrays, Device, Runtime, Session
from streamrec.bert.session import OnnxSession

PACKAGE = Path(streamrec.__file__).parent


class Counted:
    """A session without a library: a pair's score is its number of tokens, and every text points the same way."""

    device: Literal["cpu", "cuda"] = "cpu"
    provider = "Counting"
    remark = ""

    def __init__(self, path: Path, device: Device = "auto", threads: int = 1, probe: Arrays = PROBE) -> None:
        self._texts = path.name.startswith("encoder")
        self.run(probe)

    def run(self, feeds: Arrays) -> np.ndarray:
        counts = feeds["attention_mask"].sum(axis=1, dtype=np.float32)[:, None]
        return np.tile(np.eye(1, 128, dtype=np.float32), (len(counts), 1)) if self._texts else counts


RUNTIMES: list[Runtime] = [OnnxSession, Counted]
"""A new runtime joins here, and all that is said below must hold for it."""


def some_pairs(count: int = 12) -> Arrays:
    rng = np.random.default_rng(3)
    tokens = rng.integers(5, 30_000, (2, count, 20)).astype(np.int32)
    tokens[np.arange(20) >= rng.integers(1, 21, (2, count, 1))] = 0
    return pair_inputs(*tokens)


@pytest.fixture(params=RUNTIMES, ids=lambda runtime: runtime.__name__)
def session(request: pytest.FixtureRequest) -> Session:
    loaded: Session = request.param(SHIPPED / CROSS_ENCODER, "cpu")
    return loaded


def test_a_row_scores_the_same_alone_as_in_any_batch(session: Session) -> None:
    feeds = some_pairs()
    together = session.run(feeds)
    assert together.shape == (12, 1)
    for row in range(12):
        alone = session.run({name: values[row : row + 1] for name, values in feeds.items()})
        np.testing.assert_allclose(alone[0], together[row], atol=1e-4)


def test_inputs_that_a_graph_does_not_take_are_left_out(session: Session) -> None:
    feeds = some_pairs()
    np.testing.assert_array_equal(session.run({**feeds, "of_another_graph": np.zeros(3)}), session.run(feeds))


def test_a_session_says_where_it_runs(session: Session) -> None:
    assert session.device == "cpu"
    assert session.provider


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda runtime: runtime.__name__)
def test_a_model_is_served_by_the_runtime_that_it_is_given(runtime: Runtime) -> None:
    loaded = []

    def load(path: Path, device: Device = "auto", threads: int = 1, probe: Arrays = PROBE) -> Session:
        loaded.append(path)
        return runtime(path, device, threads, probe)

    model = TextModel.load(device="cpu", precision="fp32", runtime=load)
    assert loaded == [SHIPPED / CROSS_ENCODER, SHIPPED / ENCODER]
    tokens = model.tokenize(["red mug", "blue pot with a lid"], model.max_item_tokens)
    users = model.prefixes(tokens, np.zeros((2, 0, 0), np.int32))
    assert np.isfinite(model.score(users, tokens, np.arange(2))).all()
    np.testing.assert_allclose(np.linalg.norm(model.encode(tokens), axis=1), 1, atol=1e-5)
    model.close()


def named(path: Path) -> set[str]:
    """The packages that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_onnx_runtime_is_imported_in_bert_and_training_only() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py") if "onnxruntime" in named(path)}
    assert rooms == {"bert", "training"}


def test_in_bert_a_few_modules_know_onnx_runtime() -> None:
    modules = {path.stem for path in (PACKAGE / "bert").glob("*.py") if "onnxruntime" in named(path)}
    assert modules <= {"session", "buckets", "clipping", "blends"}


@pytest.mark.parametrize("module", ["runtime", "batcher", "late_interaction", "reference", "precision", "pairs", "cache", "folder"])
def test_what_works_with_any_runtime_loads_none(module: str) -> None:
    program = f"import sys, streamrec.bert.{module}; print('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"
