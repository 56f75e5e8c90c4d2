"""Sound from files, addresses and pipes, as 16 kHz mono."""

from __future__ import annotations

from collections.abc import Iterator
from io import RawIOBase
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from streamrec.errors import InputError

RATE = 16_000
"""Samples a second, as Whisper takes them."""
Samples = NDArray[np.float32]
# Without it ffmpeg looks at five seconds of a pipe before it gives the first.
_QUICK = {"probesize": "65536", "analyzeduration": "500000"}
_RAW = {"sample_rate": str(RATE), "ch_layout": "mono"}


def chunks(source: str | BinaryIO | RawIOBase, *, raw: bool = False) -> Iterator[Samples]:
    """The sound of a file, an address or an open pipe, in pieces of some milliseconds with values in [-1, 1].

    Anything that ffmpeg reads, a video too. `raw` says that the bytes are samples alone: 16 bits, little-endian, mono, 16 kHz.

    Raises:
        InputError: there is no sound that can be read.
    """
    import av

    name = source if isinstance(source, str) else "standard input"
    try:
        options = {**_QUICK, **_RAW} if raw else _QUICK if not isinstance(source, str) else {}
        with av.open(source, format="s16le" if raw else None, options=options, metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise InputError(f"{name} cannot be read as sound: it holds none")
            resampler = av.AudioResampler("s16", "mono", RATE)
            for frame in container.decode(audio=0):
                yield from _samples(resampler.resample(frame))
            yield from _samples(resampler.resample(None))
    except av.FFmpegError as exc:
        why = f"{exc.strerror}" if exc.strerror else str(exc)
        raise InputError(f"{name} cannot be read as sound: {why}; raw samples need --raw, and ffmpeg can make a wav of most") from exc


def duration_s(path: str) -> float | None:
    """How long a file says that it is; None where it does not say."""
    import av

    try:
        with av.open(path, metadata_errors="ignore") as container:
            return container.duration / av.time_base if container.duration else None
    except av.FFmpegError:
        return None


def _samples(frames: list[Any]) -> Iterator[Samples]:
    for frame in frames:
        yield frame.to_ndarray().reshape(-1).astype(np.float32) / 32768
