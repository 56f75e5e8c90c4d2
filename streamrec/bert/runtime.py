"""What runs a graph, whichever library it is: ONNX Runtime stands behind this seam in `bert/session.py`, and another could.

This module imports no such library, nor does anything in `bert/` that works with a `Session` only. Another runtime is one module with a
class that satisfies `Runtime`, handed to `TextModel.load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
Device = Literal["auto", "cpu", "cuda"]

PROBE: Arrays = {
    "input_ids": np.array([[2, 3]], np.int32),
    "attention_mask": np.ones((1, 2), np.int32),
    "token_type_ids": np.zeros((1, 2), np.int32),
}
"""A text without words, `[CLS] [SEP]`: the smallest row that a graph of tokens takes. Its keys are the inputs of every such graph."""


class Session(Protocol):
    """A graph that is loaded and has run once; arrays in, one array out. May be called from several threads."""

    @property
    def device(self) -> Literal["cpu", "cuda"]:
        """Where the graph really runs, which decides how much is worth doing at once."""
        ...

    @property
    def provider(self) -> str:
        """What really runs the graph, in the runtime's own words; lists and metrics carry it."""
        ...

    @property
    def remark(self) -> str:
        """What else to say of how the graph runs here, or nothing: that int8 is multiplied another way, how much is on the card."""
        ...

    def run(self, feeds: Arrays) -> NDArray[np.float32]:
        """The graph's first output for one padded batch; inputs that the graph does not take are left out."""
        ...


class Runtime(Protocol):
    """Loads graphs."""

    def __call__(self, path: Path, device: Device = "auto", threads: int = 1, probe: Arrays = PROBE) -> Session:
        """Load the ONNX graph `path` and run it once on `probe`; `threads` are those of one run.

        Raises:
            DeviceUnavailable: `cuda` was asked for and does not run the graph.
            ModelError: the graph cannot be loaded or run.
        """
        ...
