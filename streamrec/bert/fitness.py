"""Whether a model folder can serve: a worker that is given it would start, and rank by what is in it."""

from __future__ import annotations

from pathlib import Path

from streamrec.bert.blends import unfit_blends
from streamrec.bert.folder import CROSS_ENCODER, ENCODER, LATE_ENCODER, LATE_SCORER, ModelFolder
from streamrec.bert.model import TextModel
from streamrec.bert.precision import NARROW
from streamrec.bert.runtime import PROBE
from streamrec.bert.session import OnnxSession
from streamrec.errors import ModelError


def faults(path: Path) -> list[str]:
    """Why the folder cannot serve, each with what to do; empty if it can.

    Every graph runs once, in each precision on the CPU, which is there on every machine; each worker finds out for itself what runs best.
    """
    try:
        folder = ModelFolder.load(path)
        TextModel.load(path, "cpu", precision="fp32", late=True).close()
        _check_graphs(folder)
    except ModelError as error:
        return [str(error)]
    return [str(error) for error in unfit_blends(folder).values()]


def _check_graphs(folder: ModelFolder) -> None:
    width = OnnxSession(folder.path / ENCODER, "cpu").run(PROBE).shape[1]
    if width != folder.limits.dim:
        raise ModelError(f"{folder.path / ENCODER} makes vectors of {width} numbers, config.json says {folder.limits.dim}; {ANEW}")
    halves = [name for name in (LATE_ENCODER, LATE_SCORER) if (folder.path / name).is_file()]
    if len(halves) == 1:
        raise ModelError(f"{folder.path} has {halves[0]} alone of the two graphs of the late interaction; {ANEW}")
    for precision in NARROW.values():
        if (narrow := folder.graph(CROSS_ENCODER, precision)) is not None:
            OnnxSession(narrow, "cpu")


ANEW = "fetch the folder again, or export it anew with `streamrec export`"
