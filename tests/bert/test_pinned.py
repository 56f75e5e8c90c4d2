"""Page-locked memory is an array like any other, and is given back; where there is none, ordinary memory does."""

from __future__ import annotations

import ctypes
import gc
from typing import Any

import numpy as np
import pytest

from streamrec.bert import pinned


class Runtime:
    """The two functions of the CUDA runtime, over memory of its own."""

    def __init__(self, answer: int = 0) -> None:
        self.answer = answer
        self.memory = (ctypes.c_uint8 * 64)(*[7] * 64)
        self.freed: list[int] = []

    def cudaHostAlloc(self, pointer: Any, count: Any, flags: Any) -> int:  # noqa: N802
        assert (count.value, flags.value) == (48, 0)
        pointer._obj.value = 0 if self.answer else ctypes.addressof(self.memory)
        return self.answer

    def cudaFreeHost(self, pointer: Any) -> int:  # noqa: N802
        self.freed.append(pointer.value)
        return 0


def test_memory_of_the_runtime_lives_as_long_as_an_array_looks_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Runtime()
    monkeypatch.setattr(pinned, "_runtime", lambda: runtime)
    array = pinned.buffer(12, np.int32, "cuda")
    assert array.tolist() == [0] * 12
    array[3] = 9
    assert runtime.memory[12] == 9
    part = array[:8].reshape(2, 4)
    del array
    gc.collect()
    assert runtime.freed == []
    assert part[0, 3] == 9
    del part
    gc.collect()
    assert runtime.freed == [ctypes.addressof(runtime.memory)]


def test_where_the_runtime_has_no_memory_ordinary_memory_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "_runtime", lambda: Runtime(answer=2))
    assert pinned.buffer(12, np.int32, "cuda").tolist() == [0] * 12


def test_without_cuda_memory_is_ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "RUNTIMES", ("no-such-library.so",))
    assert pinned.buffer(12, np.int32, "cuda").dtype == np.int32
    monkeypatch.setattr(pinned, "_runtime", lambda: pytest.fail("a CPU needs no CUDA"))
    assert pinned.buffer(3, np.int64, "cpu").tolist() == [0] * 3
