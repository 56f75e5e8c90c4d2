"""Whether a graph computes what its network computes: nearly exactly in fp32, closely enough in a narrow precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray

from streamrec.bert.agreement import LEAST_LIKENESS, LEAST_ORDER, Agreement
from streamrec.bert.pairs import Feeds
from streamrec.bert.session import OnnxSession
from streamrec.catalogue.text import CPU
from streamrec.errors import ModelError

Figures = dict[str, float | Agreement]
"""By file name: of an fp32 graph the largest difference from torch, of a narrow one how far it agrees with fp32."""
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


def agreement_of(path: Path, narrow: Path, feeds: list[Feeds]) -> Agreement:
    """How far a narrow graph agrees with the fp32 one on this machine; the file of an unsound one is removed, and fp32 serves instead."""
    backends = (OnnxSession(narrow, "cpu"), OnnxSession(path, "cpu"))
    given, wanted = (np.concatenate([backend.run(batch) for batch in feeds]) for backend in backends)
    found = Agreement.of(given, wanted)
    if not found.sound:
        narrow.unlink()
    return found


def narrow_of(figures: Figures) -> dict[str, Agreement]:
    """What is said of narrow graphs."""
    return {file: found for file, found in figures.items() if isinstance(found, Agreement)}


def dropped(found: dict[str, Agreement]) -> dict[str, float]:
    """The likeness of the narrow graphs that were not kept, by their files in a model folder."""
    return {f"onnx/{file}": agreement.alike for file, agreement in found.items() if not agreement.sound}


def alike_in_words(file: str, found: Agreement) -> str:
    """How far a narrow graph agrees with fp32, and what became of it if it does not."""
    least = f"less than {LEAST_LIKENESS} and {LEAST_ORDER:.0%}"
    lost = "" if found.sound else f" ({least}: not kept, fp32 serves in its place)"
    return f"{file} {found.alike:.6f}, {found.order:.2%} in the same order, at most {found.apart:.2g} apart{lost}"
