"""The precision in which pairs are scored: int8 on a CPU only if it ranks as fp32 does on that very processor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streamrec.bert.folder import CROSS_ENCODER, ModelFolder
from streamrec.bert.reference import reference
from streamrec.bert.runtime import Device, Runtime, Session
from streamrec.bert.tokens import Tokeniser
from streamrec.errors import DeviceUnavailable, ModelError, ModelMissing

Precision = Literal["auto", "fp32", "int8", "fp16"]
LEAST_LIKENESS = 0.985
"""Correlation of int8 scores with fp32 ones, or mean cosine of vectors, from which on int8 may stand in for fp32.

Sound graphs had 0.993 (MiniLM's vectors, scales per column) to 0.99999 (the shipped model); those with one scale per tensor had 0.962,
and an adopted model whose sums a processor clipped 0.85.
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """A precision, the reason for it, and advice for the operator (empty if there is nothing to do)."""

    precision: str
    why: str
    advice: str = ""


def likeness(given: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    """Mean cosine of the rows, or for one number per row the correlation; 0 if it is undefined, as for scores that are all equal."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if given.ndim == 1 or given.shape[1] == 1:
            alike = float(np.corrcoef(given.reshape(-1), wanted.reshape(-1))[0, 1])
        else:
            lengths = np.linalg.norm(given, axis=1) * np.linalg.norm(wanted, axis=1)
            alike = float(((given * wanted).sum(axis=1) / lengths).mean())
    return alike if math.isfinite(alike) else 0.0


def cross_encoder(folder: ModelFolder, tokenise: Tokeniser, device: Device, precision: Precision, load: Runtime) -> tuple[Choice, Session]:
    """Load the cross-encoder on the best device that was asked for and works, in the precision that was asked for or is best.

    Raises:
        ModelError: see `Runtime`; or the folder lacks the precision that was asked for.
    """
    if device != "cpu":
        try:
            return _as_asked(folder, "cuda", precision, "fp16", load)
        except DeviceUnavailable:
            if device == "cuda":
                raise
    choice, session = _as_asked(folder, "cpu", precision, "int8", load)
    if choice.precision != "int8":
        return choice, session
    alike = like_fp32(folder, tokenise, session, load)
    measured = f"{alike:.4f} like fp32 on this processor"
    if alike >= LEAST_LIKENESS:
        return Choice("int8", f"{measured}, {session.remark}" if session.remark else measured), session
    if precision == "int8":
        return Choice("int8", f"set, though only {measured}", f"below {LEAST_LIKENESS} lists suffer: set precision=auto"), session
    why = f"int8 is only {measured}, less than {LEAST_LIKENESS}"
    return Choice("fp32", why, "export the model anew, or set precision=fp32"), load(folder.path / CROSS_ENCODER, "cpu")


def like_fp32(folder: ModelFolder, tokenise: Tokeniser, session: Session, load: Runtime) -> float:
    """Measure how closely the scores of a graph follow fp32 ones on this processor.

    Raises:
        ModelError: the folder's reference is not for its graphs.
    """
    wanted = reference(folder, tokenise, load)
    try:
        given = session.run(wanted.feeds)
    except Exception as exc:  # the exceptions of a runtime need share no base class
        raise ModelError(f"the pairs in {folder.path} cannot be scored by its graph ({exc}); export the model anew") from exc
    return likeness(given, np.array(wanted.scores, np.float32))


def _as_asked(folder: ModelFolder, device: Device, precision: Precision, best: str, load: Runtime) -> tuple[Choice, Session]:
    if precision != "auto":
        choice = Choice(precision, "set")
    elif folder.graph(CROSS_ENCODER, best):
        choice = Choice(best, f"the best that the folder has for {device}")
    else:
        choice = Choice("fp32", f"the folder has no {best} graph{_of_old(folder, best)}")
    path = folder.graph(CROSS_ENCODER, choice.precision)
    if path is None:
        raise ModelMissing(
            f"the model folder {folder.path} has no {choice.precision} graph; set precision=auto, or make one by `streamrec export`"
        )
    return choice, load(path, device)


def _of_old(folder: ModelFolder, precision: str) -> str:
    """What the folder says of a graph that was not kept."""
    alike = folder.limits.dropped.get(f"{CROSS_ENCODER.removesuffix('.onnx')}.{precision}.onnx")
    return "" if alike is None else f": it was {alike:.4f} like fp32 where it was made, less than {LEAST_LIKENESS}"
