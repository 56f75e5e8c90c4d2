"""Measures a judge of comments on domains and rooms that its weights had not seen: F1 of each label, and their means."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.training.networks.chances import calibrate
from streamrec.training.steps.understanding import FOLDS, Material, Trained
from streamrec.understanding.judge import INTENTS, LABELS, SENTIMENTS, Calibration, Judgement, decide

Floats = NDArray[np.float32]


def held_out(trained: Trained, what: Material) -> dict[str, Any]:
    """Figures of each part on all texts, and of the whole on those of each language, and of each domain or room.

    A text is judged by weights that had not seen its domain, and by probabilities and thresholds fitted to the other folds.
    """
    comments = what.comments
    given = {part: _by_the_others(logits, comments.right, trained.folds) for part, logits in trained.unseen.items()}
    whole = list(given)[-1]
    rooms = np.array(
        [domain.partition("/")[0] if weight == 1 else domain for domain, weight in zip(comments.domains, what.weights, strict=True)]
    )
    return {
        "parts": {part: figures(each, comments.right) for part, each in given.items()},
        "languages": _of_each(np.array(comments.langs), given[whole], comments.right),
        "domains": _of_each(rooms, given[whole], comments.right),
        "own": figures(given[whole][what.weights != 1], comments.right[what.weights != 1]) if (what.weights != 1).any() else None,
    }


def _by_the_others(logits: Floats, right: Floats, folds: NDArray[np.int64]) -> Floats:
    given = np.zeros_like(right)
    for fold in range(FOLDS):
        apart = folds == fold
        given[apart] = decided(decide(*scaled(logits[apart], calibrate(logits[~apart], right[~apart]))))
    return given


def scaled(logits: Floats, calibration: Calibration) -> tuple[Floats, Floats]:
    """Calibrated logits, and the thresholds of the intents."""
    slopes, shifts = np.array(calibration.slopes, np.float32), np.array(calibration.shifts, np.float32)
    return logits * slopes + shifts, np.array([calibration.thresholds[intent] for intent in INTENTS], np.float32)


def decided(judgements: list[Judgement]) -> Floats:
    """Which labels hold, shape (n, labels)."""
    given = np.zeros((len(judgements), len(LABELS)), np.float32)
    for row, judgement in enumerate(judgements):
        given[row, [INTENTS.index(intent) for intent in judgement.chosen]] = 1
        given[row, len(INTENTS) + SENTIMENTS.index(judgement.mood)] = 1
    return given


def figures(given: Floats, right: Floats) -> dict[str, Any]:
    """F1 of each label and their means over intents and sentiments; a label that neither holds nor is given counts as 1."""
    hits, wrong = (given * right).sum(axis=0), (given != right).sum(axis=0)
    f1 = np.where(hits + wrong > 0, 2 * hits / np.maximum(2 * hits + wrong, 1), 1.0)
    return {
        "comments": len(right),
        "intents": round(float(f1[: len(INTENTS)].mean()), 4),
        "sentiment": round(float(f1[len(INTENTS) :].mean()), 4),
        "f1": {label: round(float(value), 4) for label, value in zip(LABELS, f1, strict=True)},
    }


def _of_each(groups: NDArray[np.str_], given: Floats, right: Floats) -> dict[str, Any]:
    return {str(name): figures(given[groups == name], right[groups == name]) for name in np.unique(groups)}


def in_words(report: dict[str, Any]) -> str:
    """The figures for people."""
    parts, own = report["parts"], report["own"]
    columns = {**parts, **({"own rooms": own} if own else {})}
    lines = ["F1 on domains and rooms that were not learned from", "", f"{'':14}" + "".join(f"{name:>11}" for name in columns)]
    lines.append(f"{'comments':14}" + "".join(f"{one['comments']:>11}" for one in columns.values()))
    for label in LABELS:
        lines.append(f"{label:14}" + "".join(f"{one['f1'][label]:>11.3f}" for one in columns.values()))
    for name in ("intents", "sentiment"):
        lines.append(f"{name + ', mean':16}" + "".join(f"{one[name]:>11.3f}" for one in columns.values())[2:])
    lines += [
        "",
        "by language: " + ", ".join(f"{name} {one['intents']:.2f}/{one['sentiment']:.2f}" for name, one in report["languages"].items()),
    ]
    return "\n".join(lines)
