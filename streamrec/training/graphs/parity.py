"""Whether a graph computes what its network computes: nearly exactly in fp32, closely enough in a narrow precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray

from streamrec.bert.pairs import Feeds
from streamrec.bert.precision import LEAST_LIKENESS, likeness
from streamrec.bert.session import OnnxSession
from streamrec.catalogue.text import CPU
from streamrec.errors import ModelError

TOLERANCE = 1e-4
"""Some hundred times what rounding makes of a sound graph (1e-7 to 2e-6 in the shipped model's card)."""


def check_parity(path: Path, examples: Sequence[Any], expected: Callable[[Any], Any]) -> float:
    """The largest difference of a graph from what torch expects of it.

    Raises:
        ModelError: it is above 1e-4; the file is removed.
    """
    session = ort.InferenceSession(str(path), providers=[CPU])
    worst = 0.0
    for feeds in examples:
        with torch.no_grad():
            wanted: NDArray[np.float32] = expected(feeds).numpy()
        given = session.run(None, {entry.name: feeds[entry.name] for entry in session.get_inputs()})[0]
        worst = max(worst, float(np.abs(given - wanted).max()))
    if not worst <= TOLERANCE:
        path.unlink()
        raise ModelError(f"{path.name} differs from torch by {worst:.2e}, more than {TOLERANCE:.0e}; it is not kept")
    return worst


def likeness_of(path: Path, narrow: Path, feeds: list[Feeds]) -> float:
    """How alike a narrow graph is to the fp32 one on this machine; below `LEAST_LIKENESS` its file is removed, and fp32 serves instead."""
    backends = (OnnxSession(narrow, "cpu"), OnnxSession(path, "cpu"))
    given, wanted = (np.concatenate([backend.run(batch) for batch in feeds]) for backend in backends)
    alike = likeness(given, wanted)
    if alike < LEAST_LIKENESS:
        narrow.unlink()
    return alike


def dropped(alike: dict[str, float]) -> dict[str, float]:
    """The narrow graphs that were not kept, by their files in a model folder."""
    return {f"onnx/{file}": value for file, value in alike.items() if value < LEAST_LIKENESS}


def alike_in_words(file: str, value: float) -> str:
    """How like fp32 a narrow graph is, and what became of it if it is not."""
    lost = "" if value >= LEAST_LIKENESS else f" (less than {LEAST_LIKENESS}: not kept, fp32 serves in its place)"
    return f"{file} {value:.6f}{lost}"
