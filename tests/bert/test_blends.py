"""The shipped blends fit the features that this streamrec computes, and a folder without one is ranked all the same."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
import pytest

from streamrec.bert.blends import file_name, load_blend, read_blend
from streamrec.bert.folder import SHIPPED, ModelFolder, seal
from streamrec.errors import ModelError
from streamrec.ranking.features.schema import FEATURES, POSITION
from streamrec.ranking.scorers.blend import ITEM, LEARNED, LIVE_WEIGHTS, Blend

WAYS = [(repeats, scoring) for repeats in ("allow", "exclude") for scoring in ("bert", "off")]


@pytest.mark.parametrize(("repeats", "scoring"), WAYS)
def test_the_shipped_file_scores_as_streamrec_does(repeats: Literal["allow", "exclude"], scoring: Literal["bert", "off"]) -> None:
    path = SHIPPED / file_name(repeats, scoring)
    blend, card = read_blend(path)
    assert (card.repeats, card.scoring, set(card.features) - set(FEATURES)) == (repeats, scoring, set())
    assert {name: blend.weights[name] for name in LIVE_WEIGHTS} == LIVE_WEIGHTS
    found = np.random.default_rng(1).normal(size=(3, 20, len(FEATURES))).astype(np.float32)
    found[:, :, ITEM:LEARNED] = np.abs(found[:, :1, ITEM:LEARNED])
    # A runtime of the file's own knows no feature that is younger.
    found[:, :, [POSITION[name] for name in set(FEATURES) - set(card.features)]] = 0
    known = found[:, :, [POSITION[name] for name in card.features]]
    (scores,) = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(["scores"], {"features": known})
    assert scores == pytest.approx(blend.score(found), abs=1e-3)


def test_a_folder_without_a_blend_is_ranked_with_round_weights(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED, folder)
    (folder / file_name("allow", "bert")).unlink()
    seal(folder)
    assert load_blend(ModelFolder.load(folder), "allow", "bert") == Blend.plain()
    assert load_blend(ModelFolder.load(folder), "exclude", "bert").version != "plain"


def test_a_file_that_is_no_blend_is_named(tmp_path: Path) -> None:
    path = tmp_path / "blend.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(ModelError, match=r"blend\.onnx is no blend"):
        read_blend(path)


@pytest.mark.parametrize("wild", [float("inf"), float("nan")])
def test_a_file_with_a_weight_that_is_not_finite_is_refused(tmp_path: Path, wild: float) -> None:
    shipped, path = SHIPPED / file_name("allow", "bert"), tmp_path / "blend.onnx"
    net = read_blend(shipped)[0].network
    assert net is not None
    path.write_bytes(shipped.read_bytes().replace(net.bias.tobytes(), np.full_like(net.bias, wild).tobytes()))
    with pytest.raises(ModelError, match="not finite"):
        read_blend(path)
