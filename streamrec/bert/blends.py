"""Blends in a model folder: one ONNX file for each way of ranking, which any ONNX runtime can run and whose weights streamrec reads."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import onnxruntime

from streamrec.bert.folder import ModelFolder
from streamrec.errors import BlendMismatch, ModelError
from streamrec.ranking.features.schema import FEATURES, VERSION
from streamrec.ranking.scorers.blend import Blend, Network

Repeats = Literal["allow", "exclude"]
METADATA = "streamrec"
PARAMETERS = ("weights", "into", "bias", "out")
"""Outputs of the graph beside the scores."""


class Card(msgspec.Struct, kw_only=True):
    """What the metadata of a blend's file say: its version, the features it reads, and how it was made."""

    version: str
    schema_version: int
    features: tuple[str, ...]
    repeats: Repeats
    scoring: Literal["bert", "off"]
    trained: dict[str, str | int | float | list[int]]


def file_name(repeats: Repeats, scoring: Literal["bert", "off"]) -> str:
    """The name of a blend's file in a model folder."""
    return f"onnx/blend-{repeats}{'' if scoring == 'bert' else '-off'}.onnx"


def load_blend(folder: ModelFolder, repeats: Repeats, scoring: Literal["bert", "off"]) -> Blend:
    """The blend of a verified folder for this way of ranking, the plain one if it has none.

    Raises:
        BlendMismatch: it was trained for other features than this streamrec computes.
        ModelError: the file cannot be read.
    """
    path = folder.path / file_name(repeats, scoring)
    return read_blend(path)[0] if path.is_file() else Blend.plain(repeats)


def read_blend(path: Path) -> tuple[Blend, Card]:
    """A blend and its card; raises as `load_blend` does."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        card = msgspec.json.decode(session.get_modelmeta().custom_metadata_map.get(METADATA, ""), type=Card)
        _check(path, card)
        nothing = np.zeros((1, 1, len(FEATURES)), np.float32)
        weights, into, bias, out = session.run(PARAMETERS, {"features": nothing})
        return Blend(dict(zip(FEATURES, weights.tolist(), strict=True)), card.version, Network(into, bias, out)), card
    except BlendMismatch:
        raise
    except Exception as exc:  # onnxruntime's exceptions share no base class
        raise ModelError(f"{path} is no blend of streamrec ({exc}); make it anew with `streamrec train blend`") from exc


def _check(path: Path, card: Card) -> None:
    if (card.schema_version, card.features) == (VERSION, FEATURES):
        return
    differ = sorted(set(card.features) ^ set(FEATURES)) or ["their order"]
    raise BlendMismatch(
        f"the blend {path} was trained for version {card.schema_version} of the features, this streamrec computes version {VERSION} "
        f"(different: {', '.join(differ)}); train it anew with `streamrec train blend`, or run the streamrec that made it"
    )
