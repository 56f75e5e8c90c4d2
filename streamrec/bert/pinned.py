"""Page-locked memory, from which CUDA copies without a stop-over; ordinary memory where there is no CUDA."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

RUNTIMES = ("libcudart.so.13", "libcudart.so.12")
"""The CUDA runtimes that ONNX Runtime is built for. The one that it has loaded is found under its name, wherever that lies."""


def buffer(size: int, dtype: DTypeLike, device: str) -> NDArray[Any]:
    """An array of `size` zeros, page-locked if `device` is "cuda" and the CUDA runtime gives such memory."""
    library = _runtime() if device == "cuda" else None
    locked = None if library is None else _locked(library, size * np.dtype(dtype).itemsize)
    return np.zeros(size, dtype) if locked is None else locked.view(dtype)


def _runtime() -> Any:
    for name in RUNTIMES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def _locked(library: Any, count: int) -> NDArray[np.uint8] | None:
    pointer = ctypes.c_void_p()
    if library.cudaHostAlloc(ctypes.byref(pointer), ctypes.c_size_t(count), ctypes.c_uint(0)) != 0 or not pointer.value:
        return None
    memory = (ctypes.c_uint8 * count).from_address(pointer.value)
    # Arrays that look into the memory keep `memory` alive.
    weakref.finalize(memory, library.cudaFreeHost, pointer).atexit = False
    array: NDArray[np.uint8] = np.ctypeslib.as_array(memory)
    array[:] = 0
    return array
