"""Trains a judge of comments, and measures it on domains and rooms that it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrec.system.digests import seal
from streamrec.training.data.comments import Comments
from streamrec.training.data.disguises import Disguises
from streamrec.training.networks.chances import calibrate
from streamrec.training.networks.table import Recipe, fit
from streamrec.understanding.judge import CONFIG, LABELS, SENTIMENTS, WEIGHTS, Config, Judge
from streamrec.understanding.linear import Linear
from streamrec.understanding.traits import VERSION, traits

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

    def take(self, rows: NDArray[np.bool_]) -> Material:
        """Some of it."""
        return Material(self.comments.take(rows), self.weights[rows])


@dataclass(frozen=True, slots=True)
class Trained:
    """A judge, and the logits of every text of its material by weights that had not seen the text's domain."""

    judge: Judge
    config: Config
    linear: Linear
    unseen: Floats
    folds: NDArray[np.int64]


def material(packaged: Comments, own: Sequence[Comments]) -> Material:
    """The packaged comments and the owner's."""
    comments = Comments.joined([packaged, *own])
    return Material(comments, np.where(np.arange(len(comments)) < len(packaged), 1.0, OWN).astype(np.float32))


def train(what: Material, seed: int, name: str = "room", advance: Advance = lambda: None) -> Trained:
    """Train a judge. Probabilities and thresholds are fitted to texts of domains that the weights had not seen.

    Args:
        what: the comments.
        seed: of every random choice.
        name: the name of the judge.
        advance: called FOLDS + 1 times.
    """
    folds = folds_of(what.comments.domains)
    unseen = np.zeros_like(what.comments.right)
    for fold in range(FOLDS):
        apart = folds == fold
        if apart.any():
            unseen[apart] = logits(weights_of(what.take(~apart), seed), what.comments.take(apart))
        advance()
    linear = weights_of(what, seed)
    advance()
    config = Config(name=name, traits=VERSION, labels=list(LABELS), calibration=calibrate(unseen, what.comments.right))
    return Trained(Judge(config, linear), config, linear, unseen, folds)


def weights_of(what: Material, seed: int) -> Linear:
    """The weights that are learned from comments and other spellings of them."""
    rng = np.random.default_rng(seed)
    comments, disguise = what.comments, Disguises(what.comments.normals, rng)
    copies = [disguise(normal) for _ in range(COPIES) for normal in comments.normals]
    spelt = traits([*comments.normals, *copies], list(comments.langs) * (1 + COPIES), BUCKETS)
    right, weights = np.tile(comments.right, (1 + COPIES, 1)), np.tile(what.weights, 1 + COPIES)
    return fit(spelt, right, weights, BUCKETS, len(SENTIMENTS), Recipe(), rng)


def logits(linear: Linear, comments: Comments) -> Floats:
    """Logits as the weights give them."""
    return linear.logits(traits(comments.normals, comments.langs, linear.buckets))


def folds_of(domains: NDArray[np.str_]) -> NDArray[np.int64]:
    """A fold for every text, those of a domain in the same, and of about the same size."""
    names, counts = np.unique(domains, return_counts=True)
    held, fold_of = np.zeros(FOLDS), {}
    for place in np.argsort(-counts, kind="stable"):
        fold = int(held.argmin())
        fold_of[names[place]] = fold
        held[fold] += counts[place]
    return np.array([fold_of[domain] for domain in domains], np.int64)


def write(trained: Trained, folder: Path, card: str) -> None:
    """Write a model folder."""
    folder.mkdir(parents=True, exist_ok=True)
    trained.linear.save(folder / WEIGHTS)
    (folder / CONFIG).write_bytes(msgspec.json.format(msgspec.json.encode(trained.config), indent=2) + b"\n")
    (folder / "README.md").write_text(card, "utf-8")
    seal(folder)
