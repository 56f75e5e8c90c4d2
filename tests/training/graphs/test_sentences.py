"""The graph of the multilingual encoder computes what the network is defined by, for each text of a batch alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx")

from streamrec.bert.pairs import text_inputs
from streamrec.bert.session import OnnxSession
from streamrec.errors import ModelError
from streamrec.training.graphs.sentences import write_sentence_encoder
from tests.training.small_sentences import PARTS, ROWS, weights

pytestmark = pytest.mark.train
BEFORE = {2: 0, 3: 1, 5: 2}
TOKENS = np.array([[7, 8, 9, 20, 5], [6, 0, 0, 0, 0], [22, 21, 13, 0, 0]], np.int32)


def normed(rows: NDArray[Any], gain: Any, shift: Any) -> NDArray[Any]:
    return (rows - rows.mean(axis=1, keepdims=True)) / rows.std(axis=1, keepdims=True) * gain + shift


def vector(net: dict[str, Any], tokens: list[int]) -> NDArray[Any]:
    """The vector of one text, word by word and window by window."""
    pieces = [token - 1 for token in tokens]
    words = np.array(
        [net[f"q{piece % PARTS + 1}"][piece // PARTS] * net["scale"][piece % PARTS] + net["lo"][piece % PARTS] for piece in pieces]
    )
    joined = {name: np.concatenate([net[f"{name}{order}"] for order in BEFORE], axis=-1) for name in ("proj", "proj_b", "ln_g", "ln_b")}
    states = np.split(normed(words @ joined["proj"] + joined["proj_b"], joined["ln_g"], joined["ln_b"]), 3, axis=1)
    features = [words]
    for (order, before), found in zip(BEFORE.items(), states, strict=True):
        for layer in ("1", "2"):
            padded = np.pad(found, ((before, order - 1 - before), (0, 0)))
            windows = np.array([padded[place : place + order].reshape(-1) for place in range(len(found))])
            found = np.maximum(windows @ net[f"w{layer}_{order}"] + net[f"b{layer}_{order}"], 0) + found
        features.append(found)
    summed = normed(np.concatenate(features, axis=1), net["ln_g"], net["ln_b"]).sum(axis=0)
    mean = (summed @ net["cnn_W"] + len(pieces) * net["cnn_b"]) / np.sqrt(len(pieces))
    middle = np.maximum(mean @ net["p1"] + np.maximum(mean @ net["d0"], 0) @ net["d1"], 0)
    last = np.tanh(middle @ net["p3"] + np.maximum(middle @ net["d2"], 0) @ net["d3"])
    return np.asarray(last / np.linalg.norm(last))


@pytest.mark.parametrize("seed", range(3))
def test_a_text_has_the_vector_of_its_words_whatever_it_is_padded_to(tmp_path: Path, seed: int) -> None:
    net = weights(seed)
    assert write_sentence_encoder(net, ROWS * PARTS, tmp_path / "onnx" / "encoder.onnx") == 7
    given = OnnxSession(tmp_path / "onnx" / "encoder.onnx", "cpu").run(text_inputs(TOKENS))
    wanted = [vector(net, [2, *(token for token in row if token), 3]) for row in TOKENS.tolist()]
    assert np.abs(given - wanted).max() < 1e-5


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    net = weights()
    with pytest.raises(ModelError, match="24 pieces of 25"):
        write_sentence_encoder(net, ROWS * PARTS + 1, tmp_path / "encoder.onnx")
    del net["cnn_W"]
    with pytest.raises(ModelError, match="cnn_W"):
        write_sentence_encoder(net, ROWS * PARTS, tmp_path / "encoder.onnx")
