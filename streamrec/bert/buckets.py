"""Runs with bound buffers: batches padded to a bounded number of shapes, each with input buffers that stay on the device."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from streamrec.bert.runtime import Arrays

# Every shape keeps buffers on the device and is planned once by CUDA, so there are few; steps of a third to a half bound what is padded.
ROWS = (8, 16, 24, 32, 48, 64, 96, 128, 160, 192, 256, 320, 384, 512, 640, 768, 1024)
STEP = 512
"""Larger batches are padded to a multiple of this."""
WIDTH = 8
"""Token rows are padded to a multiple of it: with 8, a tenth of what is multiplied is padding, with 16 a fifth."""


def bucket(rows: int, width: int) -> tuple[int, int]:
    """Return the padded shape of a batch: at most half as many rows again (above 8) and 7 more tokens."""
    fits = next((size for size in ROWS if size >= rows), -(-rows // STEP) * STEP)
    return fits, -(-width // WIDTH) * WIDTH


def padded(feeds: Arrays) -> dict[str, NDArray[Any]]:
    """Pad a batch to the shape of its bucket: extra tokens are masked, extra rows repeat the first."""
    count, width = next(iter(feeds.values())).shape
    rows, tokens = bucket(count, width)
    taken = np.where(np.arange(rows) < count, np.arange(rows), 0)
    return {name: np.pad(block[taken], ((0, 0), (0, tokens - width))) for name, block in feeds.items()}


class BoundSession:
    """A session of a token graph whose inputs are copied into buffers that were allocated once per shape and thread."""

    def __init__(self, session: ort.InferenceSession, device: str) -> None:
        """`device` is where the buffers lie, "cuda" or "cpu"."""
        self._session = session
        self._device = device
        self._output = session.get_outputs()[0].name
        self._own = threading.local()

    def run(self, feeds: Arrays) -> NDArray[np.float32]:
        """Return the output of every row, without the padding."""
        count = len(next(iter(feeds.values())))
        blocks = padded(feeds)
        binding, values = self._bound(blocks)
        for name, block in blocks.items():
            values[name].update_inplace(block)
        self._session.run_with_iobinding(binding)
        output: NDArray[np.float32] = binding.copy_outputs_to_cpu()[0][:count]
        return output

    def _bound(self, blocks: Arrays) -> tuple[Any, dict[str, Any]]:
        bound = self._own.__dict__.setdefault("bound", {})
        shape = next(iter(blocks.values())).shape
        if shape not in bound:
            binding = self._session.io_binding()
            values = {name: ort.OrtValue.ortvalue_from_numpy(block, self._device, 0) for name, block in blocks.items()}
            for name, value in values.items():
                binding.bind_ortvalue_input(name, value)
            binding.bind_output(self._output, self._device, 0)
            bound[shape] = (binding, values)
        buffers: tuple[Any, dict[str, Any]] = bound[shape]
        return buffers
