"""Trains a judge of comments on domains and rooms, each of which is once held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrec.errors import InputError
from streamrec.system.digests import seal
from streamrec.training.data.comments import Comments
from streamrec.training.data.disguises import Disguises
from streamrec.training.networks.chances import calibrate
from streamrec.training.networks.probe import fit_head
from streamrec.training.networks.table import Recipe, fit
from streamrec.understanding.head import Head
from streamrec.understanding.judge import CONFIG, HEAD, LABELS, SENTIMENTS, WEIGHTS, Config, Encoder, Judge
from streamrec.understanding.linear import Linear
from streamrec.understanding.traits import VERSION, Traits, traits

BUCKETS = 1 << 17
FOLDS = 5
COPIES = 1
"""Other spellings that are learned beside each text."""
OWN = 3.0
"""How many packaged texts one of the owner's weighs: those are of the rooms that will be read."""
Floats = NDArray[np.float32]
Advance = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Material:
    """What is learned from, and how much each comment counts."""

    comments: Comments
    weights: Floats

    @classmethod
    def of(cls, packaged: Comments, own: Sequence[Comments]) -> Material:
        """The packaged comments and the owner's."""
        comments = Comments.joined([packaged, *own])
        return cls(comments, np.where(np.arange(len(comments)) < len(packaged), 1.0, OWN).astype(np.float32))


@dataclass(frozen=True, slots=True)
class Spellings:
    """The traits of n texts, and after them those of COPIES other spellings of each."""

    what: Material
    traits: Traits

    @classmethod
    def of(cls, what: Material, seed: int) -> Spellings:
        """Draw other spellings of all texts."""
        normals, langs = what.comments.normals, what.comments.langs
        disguise = Disguises(normals, np.random.default_rng(seed))
        copies = [disguise(normal) for _ in range(COPIES) for normal in normals]
        return cls(what, traits([*normals, *copies], list(langs) * (1 + COPIES), BUCKETS))

    def fit(self, chosen: NDArray[np.bool_], seed: int) -> Linear:
        """The weights that some of the texts give, with their other spellings."""
        spelt = self.traits.take(np.flatnonzero(np.tile(chosen, 1 + COPIES)))
        right, weights = np.tile(self.what.comments.right[chosen], (1 + COPIES, 1)), np.tile(self.what.weights[chosen], 1 + COPIES)
        return fit(spelt, right, weights, BUCKETS, len(SENTIMENTS), Recipe(), np.random.default_rng(seed))


@dataclass(frozen=True, slots=True)
class Trained:
    """A judge, what is written of it, and what weights gave for every text that had not seen the text's domain or room."""

    judge: Judge
    config: Config
    linear: Linear
    head: Head | None
    unseen: dict[str, Floats]
    """Logits of shape (n, labels) of the parts: `linear`, and with an encoder also `encoder` and `both`."""
    folds: NDArray[np.int64]


def train(what: Material, seed: int, encoder: Encoder | None = None, advance: Advance = lambda: None) -> Trained:
    """Train a judge. Probabilities and thresholds are fitted to texts of domains and rooms that the weights had not seen.

    Args:
        what: the comments.
        seed: of every random choice.
        encoder: gets a head beside the linear model, if there is one.
        advance: called FOLDS + 1 times.
    """
    comments, spellings = what.comments, Spellings.of(what, seed)
    folds, linear_unseen, head_unseen = folds_of(comments.domains), np.zeros_like(comments.right), np.zeros_like(comments.right)
    vectors = None if encoder is None else encoder([normal.text for normal in comments.normals])
    for fold in range(FOLDS):
        apart = folds == fold
        linear_unseen[apart] = spellings.fit(~apart, seed).logits(spellings.traits.take(np.flatnonzero(apart)))
        if vectors is not None:
            head_unseen[apart] = fit_head(vectors[~apart], comments.right[~apart], what.weights[~apart]).logits(vectors[apart])
        advance()
    linear = spellings.fit(np.ones(len(comments), bool), seed)
    head = None if vectors is None else fit_head(vectors, comments.right, what.weights)
    advance()
    unseen, calibration, together = {"linear": linear_unseen}, calibrate(linear_unseen, comments.right), None
    if encoder is not None:
        unseen |= {"encoder": head_unseen, "both": linear_unseen + head_unseen}
        together = calibrate(unseen["both"], comments.right)
    config = Config(
        name="room",
        traits=VERSION,
        labels=list(LABELS),
        calibration=calibration,
        encoder="" if encoder is None else encoder.text,
        with_encoder=together,
    )
    return Trained(Judge(config, linear, "", head, encoder), config, linear, head, unseen, folds)


def folds_of(domains: NDArray[np.str_]) -> NDArray[np.int64]:
    """A fold for every text: those of a domain are in the same one, and the folds have about the same size.

    Raises:
        InputError: there are fewer domains than folds.
    """
    names, counts = np.unique(domains, return_counts=True)
    if len(names) < FOLDS:
        raise InputError(f"there are comments of {len(names)} domains or rooms, and {FOLDS} are needed to hold some out; add --comments")
    held, fold_of = np.zeros(FOLDS), {}
    for place in np.argsort(-counts, kind="stable"):
        fold_of[names[place]] = fold = int(held.argmin())
        held[fold] += counts[place]
    return np.array([fold_of[domain] for domain in domains], np.int64)


def write(trained: Trained, folder: Path, card: str) -> None:
    """Write a model folder."""
    folder.mkdir(parents=True, exist_ok=True)
    trained.linear.save(folder / WEIGHTS)
    if trained.head is not None:
        trained.head.save(folder / HEAD)
    (folder / CONFIG).write_bytes(msgspec.json.format(msgspec.json.encode(trained.config), indent=2) + b"\n")
    (folder / "README.md").write_text(card, "utf-8")
    seal(folder)
