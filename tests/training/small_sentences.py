"""A multilingual encoder of a few numbers, in the files of the real one."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PARTS, ROWS, WIDTH, STATES = 3, 8, 6, 4
SPECIAL = ["<unk>", "<s>", "</s>", "extra_1", "extra_2", "extra_3"]
PIECES = ["▁", "▁red", "▁mug", "▁blue", "杯", "红", "r", "e", "d", "▁[", "SEP", "]", "</s", ">"]


def weights(seed: int = 0) -> dict[str, NDArray[np.generic]]:
    """Drawn at random, of the names and the kinds of shapes that the package has."""
    draw = np.random.default_rng(seed)

    def normal(*shape: int) -> NDArray[np.generic]:
        return draw.normal(size=shape).astype(np.float32)

    found: dict[str, NDArray[np.generic]] = {f"q{part + 1}": draw.integers(0, 64, (ROWS, WIDTH)).astype(np.uint8) for part in range(PARTS)}
    found |= {"scale": draw.uniform(0.01, 0.1, PARTS).astype(np.float32), "lo": normal(PARTS), "eps": np.array(1e-12)}
    for order in (2, 3, 5):
        found |= {f"proj{order}": normal(WIDTH, STATES)}
        found |= {f"{name}{order}": normal(STATES) for name in ("proj_b", "ln_g", "ln_b")}
        for layer in ("1", "2"):
            found |= {f"w{layer}_{order}": normal(order * STATES, STATES), f"b{layer}_{order}": normal(STATES)}
    features = WIDTH + 3 * STATES
    found |= {"ln_g": normal(features), "ln_b": normal(features), "cnn_W": normal(features, WIDTH), "cnn_b": normal(WIDTH)}
    shapes = {"d0": (WIDTH, 5), "d1": (5, 5), "p1": (WIDTH, 5), "d2": (5, 7), "p3": (5, 7), "d3": (7, 7)}
    return found | {name: normal(*shape) for name, shape in shapes.items()}


def vocabulary(pieces: list[str] | None = None) -> bytes:
    """A file of SentencePiece whose normaliser changes nothing."""
    named = [*SPECIAL, *PIECES] if pieces is None else pieces
    scores = [0.0 if piece in SPECIAL else -len(named) / len(piece) for piece in named]
    entries = [_field(1, piece.encode()) + b"\x15" + struct.pack("<f", score) for piece, score in zip(named, scores, strict=True)]
    content = b"".join(_field(1, entry) for entry in entries)
    # A double array of 256 units, through which no byte leads anywhere.
    nothing = struct.pack("<I", 4 * 256) + bytes(4 * 256)
    return content + _field(2, b"\x08\x96\x01") + _field(3, _field(1, b"none") + _field(2, nothing))


def package(folder: Path) -> None:
    """Write both files as the package has them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sp.model").write_bytes(vocabulary())
    np.savez(folder / "weights.npz", **weights())  # type: ignore[arg-type]


def _field(number: int, content: bytes) -> bytes:
    length, left = b"", len(content)
    while left >= 0x80:
        length, left = length + bytes([left & 0x7F | 0x80]), left >> 7
    return bytes([number << 3 | 2]) + length + bytes([left]) + content
