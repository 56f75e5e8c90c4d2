"""Judges comments: what each wants, and in which mood, with probabilities.

A folder may hold a head beside the linear model: a map of the vectors of a text encoder, whose logits are added. It is used where that very
encoder is handed in; otherwise the linear model judges alone, by a calibration of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrec.errors import ModelError
from streamrec.events.speech import Intent, Sentiment
from streamrec.system.digests import require, revision_of
from streamrec.understanding.head import Head
from streamrec.understanding.linear import Linear
from streamrec.understanding.normalise import Normal
from streamrec.understanding.traits import VERSION, traits

SHIPPED = Path(__file__).resolve().parent.parent / "models" / "room"
CONFIG, WEIGHTS, HEAD = "config.json", "linear.npz", "head.npz"
INTENTS: tuple[Intent, ...] = get_args(Intent)
SENTIMENTS: tuple[Sentiment, ...] = get_args(Sentiment)
LABELS = (*INTENTS, *SENTIMENTS)

MAKE = "name a folder made by `streamrec train understanding`, or make it anew"
Floats = NDArray[np.float32]


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How logits become probabilities and decisions."""

    slopes: list[float]
    """By label: what its logits are multiplied by, fitted on texts that the weights had not seen."""
    shifts: list[float]
    """By label: what is added then."""
    thresholds: dict[Intent, float]
    """From which probability on an intent holds beside a likelier one."""


class Encoder(Protocol):
    """A text encoder, see `streamrec.bert.model.TextModel`."""

    @property
    def text(self) -> str:
        """Names its weights and words."""
        ...

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Vectors of shape (n, dim)."""
        ...


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The `config.json` of a folder."""

    name: str
    traits: int
    """The version of the traits that the weights are of."""
    labels: list[str]
    calibration: Calibration
    encoder: str = ""
    """Names the text encoder that the head is for."""
    with_encoder: Calibration | None = None
    """The calibration of both together."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a comment wants and in which mood: a probability for each label. Those of the sentiments add up to 1."""

    intents: dict[Intent, float]
    sentiment: dict[Sentiment, float]
    chosen: list[Intent]
    """The intents that hold, the likeliest first; never none."""
    mood: Sentiment


class Judge:
    """A model folder that judges comments. May be called from several threads."""

    def __init__(
        self, config: Config, linear: Linear, revision: str = "", head: Head | None = None, encoder: Encoder | None = None
    ) -> None:
        self._linear, self._head, self._encoder = linear, head, encoder
        calibration = config.calibration if head is None or config.with_encoder is None else config.with_encoder
        self._slopes, self._shifts = np.array(calibration.slopes, np.float32), np.array(calibration.shifts, np.float32)
        self._thresholds = np.array([calibration.thresholds[intent] for intent in INTENTS], np.float32)
        self.name: str = config.name
        self.revision: str = revision

    @classmethod
    def load(cls, folder: Path | None = None, encoder: Encoder | None = None) -> Judge:
        """Open and verify a folder; None is the one that ships in the package. An encoder is used if the folder has a head for it.

        Raises:
            ModelMissing: the folder or a file of it is not there.
            DigestMismatch: a file is not the one that was published.
            ModelError: a file cannot be read, or the weights are for other labels or traits than this version's.
        """
        folder = SHIPPED if folder is None else folder
        require(folder, (CONFIG, WEIGHTS), MAKE, MAKE)
        try:
            config = msgspec.json.decode((folder / CONFIG).read_bytes(), type=Config)
        except msgspec.MsgspecError as exc:
            raise ModelError(f"{folder / CONFIG} is not of a model of comments ({exc}); {MAKE}") from exc
        if config.traits != VERSION or tuple(config.labels) != LABELS or not _complete(config):
            raise ModelError(f"{folder} is of another version of streamrec: its labels or traits are not those of this one; {MAKE}")
        linear, revision = Linear.load(folder / WEIGHTS, len(LABELS)), revision_of(folder)
        if encoder is None or config.encoder != encoder.text or config.with_encoder is None:
            return cls(config, linear, revision)
        return cls(config, linear, revision, Head.load(folder / HEAD, len(LABELS)), encoder)

    def logits(self, normals: Sequence[Normal], langs: Sequence[str]) -> Floats:
        """Calibrated logits of shape (n, labels)."""
        logits = self._linear.logits(traits(normals, langs, self._linear.buckets))
        if self._head is not None and self._encoder is not None:
            logits += self._head.logits(self._encoder([normal.text for normal in normals]))
        return logits * self._slopes + self._shifts

    def judge(self, normals: Sequence[Normal], langs: Sequence[str]) -> list[Judgement]:
        """Judge comments in their normal form, each in its language (ISO 639, or "und")."""
        return decide(self.logits(normals, langs), self._thresholds) if normals else []


def decide(logits: Floats, thresholds: Floats) -> list[Judgement]:
    """Judgements from calibrated logits of shape (n, labels) and a threshold for each intent.

    The likeliest intent always holds. Who complains is displeased; who praises or wants something and complains of nothing is pleased.
    """
    wishes, moods = probabilities(logits)
    judgements = []
    for row, order in enumerate(np.argsort(-wishes, axis=1, kind="stable")):
        chosen = [INTENTS[label] for place, label in enumerate(order) if not place or wishes[row, label] >= thresholds[label]]
        judgements.append(
            Judgement(
                dict(zip(INTENTS, wishes[row].tolist(), strict=True)),
                dict(zip(SENTIMENTS, moods[row].tolist(), strict=True)),
                chosen,
                _mood(chosen, SENTIMENTS[int(moods[row].argmax())]),
            )
        )
    return judgements


def _mood(chosen: Sequence[Intent], likeliest: Sentiment) -> Sentiment:
    if "complaint" in chosen:
        return "negative"
    return "positive" if "praise" in chosen or "want" in chosen else likeliest


def probabilities(logits: Floats) -> tuple[Floats, Floats]:
    """Of each intent alone, shape (n, intents), and of the sentiments together, shape (n, sentiments)."""
    wishes: Floats = np.reciprocal(1 + np.exp(-logits[:, : len(INTENTS)]))
    moods: Floats = np.exp(logits[:, len(INTENTS) :] - logits[:, len(INTENTS) :].max(axis=1, keepdims=True))
    return wishes, moods / moods.sum(axis=1, keepdims=True)


def _complete(config: Config) -> bool:
    return all(
        len(each.slopes) == len(each.shifts) == len(LABELS) and tuple(each.thresholds) == INTENTS
        for each in (config.calibration, config.with_encoder)
        if each is not None
    )
