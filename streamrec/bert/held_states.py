"""Token states of items, kept where late interaction reads them, so that a list sends numbers of slots instead of states."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.bert.runtime import Arrays
from streamrec.bert.session import OnnxSession
from streamrec.catalogue.text import ItemSides

# Two ONNX graphs of one and two nodes, as bytes because the package that writes graphs comes with the extra `train` only. The first takes
# rows of `table` (n, t, d) of fp16 by `slots` (p) and widens them to fp32; the second gives `table` with other `states` in `slots` (k, 1).
TAKE = (
    b'\x08\x08\x12\x00:\x9e\x01\n\x1c\n\x05table\n\x05slots\x12\x04half"\x06Gather\n\x1f\n\x04half\x12\x06states"\x04Cast*\t\n\x02to\x18\x01'
    b"\xa0\x01\x02\x12\x06gatherZ\x1e\n\x05table\x12\x15\n\x13\x08\n\x12\x0f\n\x03\x12\x01n\n\x03\x12\x01t\n\x03\x12\x01dZ\x14\n\x05slots"
    b"\x12\x0b\n\t\x08\x07\x12\x05\n\x03\x12\x01pb\x1f\n\x06states\x12\x15\n\x13\x08\x01\x12\x0f\n\x03\x12\x01p\n\x03\x12\x01t\n\x03\x12\x01d"
    b"B\x04\n\x00\x10\r"
)
PUT = (
    b'\x08\x08\x12\x00:\xb2\x01\n*\n\x05table\n\x05slots\n\x06states\x12\x07changed"\tScatterND\x12\x07scatterZ\x1e\n\x05table\x12\x15\n\x13'
    b"\x08\n\x12\x0f\n\x03\x12\x01n\n\x03\x12\x01t\n\x03\x12\x01dZ\x18\n\x05slots\x12\x0f\n\r\x08\x07\x12\t\n\x03\x12\x01k\n\x02\x08\x01Z"
    b"\x1f\n\x06states\x12\x15\n\x13\x08\n\x12\x0f\n\x03\x12\x01k\n\x03\x12\x01t\n\x03\x12\x01db \n\x07changed\x12\x15\n\x13\x08\n\x12\x0f"
    b"\n\x03\x12\x01n\n\x03\x12\x01t\n\x03\x12\x01dB\x04\n\x00\x10\r"
)
LEAST_SLOTS = 256
MOST_CHANGED = 4
"""Where more than one slot in so many has changed, all are sent anew, which needs no second copy to be made on the device."""


class HeldStates:
    """A scorer's table of item states on its device. It follows the catalogue: only slots that were read again are sent. Two copies are
    kept, since the one that is read cannot be written: 4 x late_tokens x late_dim bytes for a slot, and up to twice as many slots as items.
    """

    def __init__(self, scorer: OnnxSession) -> None:
        self._scorer = scorer
        self._take, self._put = scorer.beside(TAKE), scorer.beside(PUT)
        self._seen: NDArray[np.int64] = np.zeros(0, np.int64)
        self._table: Any = None
        self._spare: Any = None
        self._lock = threading.Lock()

    def score(self, feeds: Arrays, items: ItemSides, slots: NDArray[np.int32]) -> NDArray[np.float32]:
        """The scorer's output for `feeds` and the states of the items in `slots`."""
        with self._lock:
            self._follow(items)
            states = self._scorer.hold(self._take, {"slots": slots.astype(np.int64)}, {"table": self._table})
        return self._scorer.run_held(feeds, {"item_states": states})

    def _follow(self, items: ItemSides) -> None:
        # The marks are read before the states: what changes meanwhile has another mark next time.
        marks = items.read_at.copy()
        count = len(marks)
        if count > len(self._seen):
            self._seen = np.zeros(max(LEAST_SLOTS, 2 * count), np.int64)
            shape = (len(self._seen), *items.states.shape[1:])
            self._table, self._spare = (self._scorer.room(shape, np.float16) for _ in range(2))
            changed = None
        else:
            (changed,) = np.nonzero(marks != self._seen[:count])
        if changed is None or len(changed) > count // MOST_CHANGED:
            everything = np.zeros(self._table.shape(), np.float16)
            everything[:count] = items.states[:count]
            self._table.update_inplace(everything)
        elif len(changed):
            feeds: Arrays = {"slots": changed[:, None].astype(np.int64), "states": items.states[changed]}
            self._scorer.hold(self._put, feeds, {"table": self._table}, self._spare)
            self._table, self._spare = self._spare, self._table
        self._seen[:count] = marks
