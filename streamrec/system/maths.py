"""Exponential and logarithm in single precision, of plain arithmetic: in a loop over an array they become vector instructions.

The polynomials are those of Cephes (`expf` and `logf`); the error is about one unit in the last place.
"""

from __future__ import annotations

import numpy as np

from streamrec.system.compiled import exact, inlined

F = np.float32
LOG2E, LN2_HIGH, LN2_LOW = F(1.44269504088896341), F(0.693359375), F(-2.12194440e-4)
E5, E4, E3, E2, E1, E0 = map(F, (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1))
L8, L7, L6, L5, L4 = map(F, (7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1))
L3, L2, L1, L0 = map(F, (-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1))
ONE, HALF, ROOT_2, LEAST = F(1), F(0.5), F(1.41421356237309505), F(-87)
EXPONENT, BIAS, MANTISSA = np.int32(23), np.int32(127), np.int32(0x7FFFFF)


@inlined
def exp(x: np.float32) -> np.float32:
    """Of a number that is at most 0; as good as 0 below -87."""
    x = max(F(x), LEAST)
    whole = np.floor(x * LOG2E + HALF)
    x = x - whole * LN2_HIGH - whole * LN2_LOW
    found = ((((E5 * x + E4) * x + E3) * x + E2) * x + E1) * x + E0
    power: np.float32 = np.int32((np.int32(whole) + BIAS) << EXPONENT).view(np.float32)
    return (found * x * x + x + ONE) * power


@inlined
def log(x: np.float32) -> np.float32:
    """Of a number above 0."""
    bits = F(x).view(np.int32)
    whole = F((bits >> EXPONENT) - BIAS)
    x = np.int32((bits & MANTISSA) | (BIAS << EXPONENT)).view(np.float32)
    high = x > ROOT_2
    x = x * HALF if high else x
    whole = whole + ONE if high else whole
    x = x - ONE
    square = x * x
    found = (((((((L8 * x + L7) * x + L6) * x + L5) * x + L4) * x + L3) * x + L2) * x + L1) * x + L0
    return x + (found * x * square - HALF * square + whole * LN2_LOW) + whole * LN2_HIGH


@exact
def log1p(x: np.float32) -> np.float32:
    """log(1 + x), for x from 0 on: the logarithm is corrected by what is rounded off in the sum."""
    x = F(x)
    above = ONE + x
    return log(above) - ((above - ONE) - x) / above
