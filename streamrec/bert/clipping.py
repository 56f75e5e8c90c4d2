"""Whether this processor clips the sums of int8 products.

x86-64 without VNNI multiplies u8 by s8 in pairs, and the sum of a pair has 16 bits: 255 x 127 + 255 x 127 becomes 32,767. What such
sums add up to is no rounding error: scores that were 0.99 like fp32 with VNNI were 0.85 like it without.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import onnxruntime as ort

# The ONNX graph of one node, MatMulInteger: a (m, k) of u8 times b (k, n) of s8 gives c (m, n) of s32. As bytes, because the package
# that writes graphs comes with the extra `train` only.
PRODUCT = (
    b'\x08\x08:h\n\x18\n\x01a\n\x01b\x12\x01c"\rMatMulInteger\x12\x07productZ\x15\n\x01a\x12\x10\n\x0e\x08\x02\x12\n\n\x03\x12\x01m\n\x03'
    b"\x12\x01kZ\x15\n\x01b\x12\x10\n\x0e\x08\x03\x12\n\n\x03\x12\x01k\n\x03\x12\x01nb\x15\n\x01c\x12\x10\n\x0e\x08\x06\x12\n\n\x03\x12\x01m"
    b"\n\x03\x12\x01nB\x04\n\x00\x10\n"
)
LENGTH = 64
"""Longer than the widest vector register is in bytes, so that the kernel for long rows is what answers."""


@cache
def clips() -> bool:
    """Whether ONNX Runtime, on this processor, gets the sum of the largest products of u8 and s8 wrong; asked of it once."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(PRODUCT, options, providers=["CPUExecutionProvider"])
    most, least = np.full((2, LENGTH), 255, np.uint8), np.full((LENGTH, 16), [127, -128] * 8, np.int8)
    given = session.run(None, {"a": most, "b": least})[0]
    return not np.array_equal(given, most.astype(np.int32) @ least.astype(np.int32))
