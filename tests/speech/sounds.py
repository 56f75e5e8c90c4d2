"""Sounds that nobody speaks."""

from __future__ import annotations

import numpy as np

from streamrec.speech.audio import RATE, Samples


def tone(seconds: float, rate: int = RATE) -> Samples:
    """A sine of 440 Hz at half of full strength."""
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), np.float32)


def noise(seconds: float) -> Samples:
    return np.random.default_rng(1).normal(0, 0.05, int(seconds * RATE)).astype(np.float32)


def pcm(samples: Samples) -> bytes:
    """Samples of 16 bits."""
    return (samples * 32767).astype("<i2").tobytes()
