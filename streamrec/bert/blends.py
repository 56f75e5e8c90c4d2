"""Blends in a model folder: one ONNX file for each way of ranking, which any ONNX runtime can run and whose weights streamrec reads."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from streamrec.bert.folder import BLENDS, ModelFolder
from streamrec.catalogue.sketch import Sketch
from streamrec.errors import BlendMismatch, ModelError
from streamrec.ranking.features.schema import FEATURES, USER, VERSION, carried, features_of
from streamrec.ranking.scorers.blend import LEARNED, LIVE_WEIGHTS, Blend, Network
from streamrec.ranking.scorers.worth import UNKNOWN, Worth

Repeats = Literal["allow", "exclude"]
Scoring = Literal["bert", "off"]
METADATA = "streamrec"
PARAMETERS = ("weights", "into", "bias", "out", "most")
"""Outputs of the graph beside the scores."""


class Card(msgspec.Struct, kw_only=True):
    """What the metadata of a blend's file say: its version, the features it reads, and how it was made.

    Older files lack the last three fields.
    """

    version: str
    schema_version: int
    features: tuple[str, ...]
    repeats: Repeats
    scoring: Scoring
    trained: dict[str, str | int | float | list[int]]
    catalogue: Sketch | None = None
    """Of the items that it was trained on."""
    text: str = ""
    """The text model whose vectors and scores it weighs, see `ModelFolder.text`; empty with scoring off."""
    worth: Worth = UNKNOWN
    """What BERT's stages were worth to the shop that it was trained for."""


def file_name(repeats: Repeats, scoring: Scoring) -> str:
    """The name of a blend's file in a model folder."""
    return f"onnx/blend-{repeats}{'' if scoring == 'bert' else '-off'}.onnx"


def load_blend(folder: ModelFolder, repeats: Repeats, scoring: Scoring) -> Blend:
    """The blend of a verified folder for this way of ranking, the plain one if it has none; raises as `find_blend` does."""
    found = find_blend(folder, repeats, scoring)
    return found[0] if found is not None else Blend.plain()


def find_blend(folder: ModelFolder, repeats: Repeats, scoring: Scoring) -> tuple[Blend, Card] | None:
    """The blend of a verified folder for this way of ranking and its card, or None.

    Raises:
        BlendMismatch: it was trained for a feature that this streamrec no longer computes, or computes otherwise; or for another text
            model or way of ranking.
        ModelError: the file cannot be read.
    """
    path = folder.path / file_name(repeats, scoring)
    return _of_folder(folder, path) if path.is_file() else None


def unfit_blends(folder: ModelFolder) -> dict[Path, ModelError]:
    """The blends of a verified folder that a worker refuses, and why."""
    unfit: dict[Path, ModelError] = {}
    for path in sorted(folder.path.glob(BLENDS)):
        try:
            _of_folder(folder, path)
        except ModelError as error:
            unfit[path] = error
    return unfit


def _of_folder(folder: ModelFolder, path: Path) -> tuple[Blend, Card]:
    blend, card = read_blend(path)
    if path != folder.path / file_name(card.repeats, card.scoring):
        raise BlendMismatch(
            f"the blend {path} was trained for repeats={card.repeats}, scoring={card.scoring}, which its name does not say; "
            f"{_anew(folder.path)}"
        )
    if card.text and card.text != folder.text:
        raise BlendMismatch(
            f"the blend {path} was trained for the text model {card.text}, this folder has {folder.text}; {_anew(folder.path)}"
        )
    return blend, card


def _anew(folder: Path) -> str:
    return f"train it anew with `streamrec train blend --into {folder}`"


def read_blend(path: Path) -> tuple[Blend, Card]:
    """A blend and its card; raises as `find_blend` does.

    A feature that the file does not know, because it is younger, has no part in the network and weight 0: the lists stay as they were. Only
    a live one has the weight that it would have in a blend of today.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        card = msgspec.json.decode(session.get_modelmeta().custom_metadata_map.get(METADATA, ""), type=Card)
        _check(path, card)
        nothing = np.zeros((1, 1, len(card.features)), np.float32)
        weights, into, bias, out, most = session.run(PARAMETERS, {"features": nothing})
        return Blend(_weights(card, weights), card.version, Network(_into(card, into), bias, out, _most(card, len(into), most))), card
    except BlendMismatch:
        raise
    except Exception as exc:  # onnxruntime's exceptions share no base class
        raise ModelError(f"{path} is no blend of streamrec ({exc}); make it anew with `streamrec train blend`") from exc


def _weights(card: Card, weights: NDArray[np.float32]) -> dict[str, float]:
    known = dict(zip(FEATURES, carried(weights, card.features).tolist(), strict=True))
    return known | {name: weight for name, weight in LIVE_WEIGHTS.items() if name not in card.features}


def _into(card: Card, into: NDArray[np.float32]) -> NDArray[np.float32]:
    """The network's first layer over today's learned features: in the file a row for each of the first ones of the card."""
    return np.ascontiguousarray(carried(into.T, card.features[: len(into)])[:, :LEARNED].T)


def _most(card: Card, learned: int, most: NDArray[np.float32]) -> NDArray[np.float32]:
    """The bounds of today's features of the user: in the file one for each of the last of the learned ones; none for one it lacks."""
    bounds = dict(zip(card.features[learned - len(most) : learned], most.tolist(), strict=True))
    return np.array([bounds.get(name, np.inf) for name in USER], np.float32)


def _check(path: Path, card: Card) -> None:
    differ = sorted(set(card.features) - set(features_of(card.schema_version)))
    if not differ and card.schema_version <= VERSION:
        return
    raise BlendMismatch(
        f"the blend {path} was trained for version {card.schema_version} of the features, this streamrec computes version {VERSION} "
        f"(different: {', '.join(differ) or 'what they mean'}); train it anew with `streamrec train blend`, "
        "run the streamrec that made it, or rank without it by blend_for=never"
    )
