"""Runs with bound buffers: batches padded to a bounded number of shapes, each with input buffers that stay on the device."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from streamrec.bert import pinned
from streamrec.bert.cutting import widened
from streamrec.bert.runtime import Arrays

STEPS = ((128, 8), (256, 16), (512, 32), (1024, 64), (2048, 128))
"""Up to so many rows they are padded to a multiple of so many: by an eighth at most above 64. Of 32 to 6,400 pairs of the sample shop, cut
as for a GPU, 15 to 28 % of the tokens are padding. It was 22 to 47 % with steps of a third to a half, and runs filled to the budget."""
STEP = 256
"""Larger batches are padded to a multiple of this."""
KEPT_SHAPES = 64
"""Shapes whose buffers a thread keeps; those of the largest take 0.4 MB."""
RECORDED_TOKENS = 4096
"""Batches up to this size are recorded as CUDA graphs: in larger ones the products take longer than their launches."""
RECORDED_SHAPES = 48
NOT_RECORDED = "-1"
"""The number of a run that ONNX Runtime neither records nor replays."""


def bucket(rows: int, width: int) -> tuple[int, int]:
    """Return the padded shape of a batch: up to 7 more tokens and rows, or where there are more than 64 an eighth more rows."""
    step = next((step for most, step in STEPS if rows <= most), STEP)
    return -(-rows // step) * step, int(widened(np.array(width)))


@dataclass(slots=True)
class Bound:
    """A shape's buffers on the device; `number` is that of its CUDA graph. The binding keeps what is bound to it."""

    binding: Any
    inputs: dict[str, Any]
    number: str


class BoundSession:
    """A session of a token graph whose inputs are copied into buffers that stay where they are, one set per shape and thread.

    With `graphs` (of a session that was made for it) small batches are recorded and replayed. Threads then share all buffers, and whoever
    calls sees to it that they take turns, see `card.TURN`.
    """

    def __init__(self, session: ort.InferenceSession, device: str, graphs: bool = False) -> None:
        """`device` is where the buffers lie, "cuda" or "cpu"."""
        self._session = session
        self._device = device
        self._graphs = graphs
        self._output = session.get_outputs()[0].name
        self._own: Any = _Buffers() if graphs else _OwnBuffers()

    def run(self, feeds: Arrays) -> NDArray[np.float32]:
        """Return the output of every row, without the padding."""
        count, width = next(iter(feeds.values())).shape
        shape = bucket(count, width)
        bound = self._bound(shape, feeds)
        for name, block in feeds.items():
            bound.inputs[name].update_inplace(self._staged(name, block, shape))
        self._session.run_with_iobinding(bound.binding, numbered(bound.number) if self._graphs else None)
        output = bound.binding.copy_outputs_to_cpu()[0]
        if self._graphs and bound.number == NOT_RECORDED:
            self._record_from_now(bound, output)
        result: NDArray[np.float32] = output[:count] if output.ndim < 3 else output[:count, :width]
        return result

    def _staged(self, name: str, block: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
        """The padded batch in memory that CUDA can read: extra tokens are masked, extra rows repeat the first."""
        size = shape[0] * shape[1]
        memory = self._own.staging.get(name)
        if memory is None or len(memory) < size:
            memory = self._own.staging[name] = pinned.buffer(size, block.dtype, self._device)
        rows: NDArray[Any] = memory[:size].reshape(shape)
        count, width = block.shape
        rows[:count, :width] = block
        rows[:count, width:] = 0
        rows[count:] = rows[0]
        return rows

    def _bound(self, shape: tuple[int, int], feeds: Arrays) -> Bound:
        shapes: OrderedDict[tuple[int, int], Bound] = self._own.shapes
        if shape in shapes:
            shapes.move_to_end(shape)
            return shapes[shape]
        binding = self._session.io_binding()
        inputs = {name: ort.OrtValue.ortvalue_from_shape_and_type(shape, block.dtype, self._device) for name, block in feeds.items()}
        for name, value in inputs.items():
            binding.bind_ortvalue_input(name, value)
        binding.bind_output(self._output, self._device)
        shapes[shape] = Bound(binding, inputs, NOT_RECORDED)
        # What was recorded stays, since its graph has these addresses.
        forgettable = [old for old, bound in shapes.items() if bound.number == NOT_RECORDED]
        if len(forgettable) > KEPT_SHAPES:
            del shapes[forgettable[0]]
        return shapes[shape]

    def _record_from_now(self, bound: Bound, output: NDArray[Any]) -> None:
        """Give a small shape a place for its output, whose size is known now, and a number under which its next run is recorded."""
        rows, tokens = next(iter(bound.inputs.values())).shape()
        recorded = sum(other.number != NOT_RECORDED for other in self._own.shapes.values())
        if rows * tokens <= RECORDED_TOKENS and recorded < RECORDED_SHAPES:
            place = ort.OrtValue.ortvalue_from_shape_and_type(output.shape, output.dtype, self._device)
            bound.binding.bind_ortvalue_output(self._output, place)
            bound.number = str(recorded + 1)


def numbered(number: str) -> Any:
    """Options of a run that is recorded and replayed under a number, or not at all."""
    options = ort.RunOptions()
    options.add_run_config_entry("gpu_graph_id", number)
    return options


class _Buffers:
    def __init__(self) -> None:
        self.shapes: OrderedDict[tuple[int, int], Bound] = OrderedDict()
        self.staging: dict[str, NDArray[Any]] = {}


class _OwnBuffers(threading.local, _Buffers):
    """Those of the thread that asks."""
