"""The precision in which pairs are scored: a narrow one only if it ranks as fp32 does on that very processor or card."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from streamrec.bert.agreement import LEAST_LIKENESS, LEAST_ORDER, Agreement
from streamrec.bert.folder import CROSS_ENCODER, ModelFolder
from streamrec.bert.reference import reference
from streamrec.bert.runtime import Device, Runtime, Session
from streamrec.bert.tokens import Tokeniser
from streamrec.errors import DeviceUnavailable, ModelError, ModelMissing

Precision = Literal["auto", "fp32", "int8", "fp16"]
NARROW = {"cpu": "int8", "cuda": "fp16"}
"""What `auto` takes where the folder has it and it ranks as fp32 does."""
HERE = {"cpu": "on this processor", "cuda": "on this card"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A precision, the reason for it, and advice for the operator (empty if there is nothing to do)."""

    precision: str
    why: str
    advice: str = ""


NO_PAIRS = Choice("none", "the folder has no cross-encoder: lists are read by vectors alone")
Chosen = tuple[Choice, Session]


def cross_encoder(folder: ModelFolder, tokenise: Tokeniser, device: Device, precision: Precision, load: Runtime) -> Chosen:
    """Load the cross-encoder on the best device that was asked for and works, in the precision that was asked for or is best.

    Raises:
        ModelError: see `Runtime`; or the folder lacks the precision that was asked for.
    """
    if device != "cpu":
        try:
            return _compared(folder, tokenise, "cuda", precision, load)
        except DeviceUnavailable:
            if device == "cuda":
                raise
    return _compared(folder, tokenise, "cpu", precision, load)


def agreement(folder: ModelFolder, tokenise: Tokeniser, session: Session, load: Runtime) -> Agreement:
    """Measure how closely the scores of a graph follow fp32 ones where it runs.

    Raises:
        ModelError: the folder's reference is not for its graphs.
    """
    wanted = reference(folder, tokenise, load)
    try:
        given = session.run(wanted.feeds)
    except Exception as exc:  # the exceptions of a runtime need share no base class
        raise ModelError(f"the pairs in {folder.path} cannot be scored by its graph ({exc}); export the model anew") from exc
    return Agreement.of(given.reshape(-1), np.array(wanted.scores, np.float32))


def _compared(folder: ModelFolder, tokenise: Tokeniser, device: Literal["cpu", "cuda"], precision: Precision, load: Runtime) -> Chosen:
    """A narrow graph serves a device only if it ranks there as fp32 does, or was set."""
    choice, session = _as_asked(folder, device, precision, load)
    if choice.precision == "fp32":
        return (replace(choice, why=f"{choice.why}, {session.remark}") if device == "cuda" and session.remark else choice), session
    found = agreement(folder, tokenise, session, load)
    measured = found.in_words(HERE[device])
    if found.sound:
        return Choice(choice.precision, f"{measured}, {session.remark}" if session.remark else measured), session
    least = f"{LEAST_LIKENESS} and {LEAST_ORDER:.0%}"
    if precision != "auto":
        return Choice(precision, f"set, though only {measured}", f"below {least} lists suffer: set precision=auto"), session
    why = f"{choice.precision} is only {measured}, less than {least}"
    return Choice("fp32", why, "export the model anew, or set precision=fp32"), load(folder.path / CROSS_ENCODER, device)


def _as_asked(folder: ModelFolder, device: Literal["cpu", "cuda"], precision: Precision, load: Runtime) -> Chosen:
    best = NARROW[device]
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
    return "" if alike is None else f": it was {alike:.4f} like fp32 where it was made, or in another order"
