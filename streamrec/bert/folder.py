"""Model folders: Hugging Face layout, every file under its SHA-256 digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from streamrec.errors import ModelError
from streamrec.system.digests import DIGESTS, digest, published, require, revision_of, seal, verify

__all__ = ["DIGESTS", "SHIPPED", "Limits", "ModelFolder", "digest", "published", "revision_of", "seal", "verify"]

SHIPPED = Path(__file__).resolve().parent.parent / "models" / "mini"
CROSS_ENCODER = "onnx/cross_encoder.onnx"
ENCODER = "onnx/encoder.onnx"
LATE_ENCODER = "onnx/late_encoder.onnx"
LATE_SCORER = "onnx/late_scorer.onnx"
REFERENCE = "reference.json"
WORDS = "onnx/words.bin"
BLENDS = "onnx/blend-*.onnx"
FILES = ("README.md", "config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", CROSS_ENCODER, ENCODER)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What `config.json` says under `streamrec`: the model's name, its vector size and its token limits."""

    name: str
    dim: int
    max_item_tokens: int
    max_user_tokens: int
    max_tokens: int
    dropped: dict[str, float] = {}
    """Narrow graphs that were dropped when the folder was made, and their likeness to fp32."""


class _Config(msgspec.Struct):
    streamrec: Limits


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder in which every file is present and has its published digest."""

    path: Path
    revision: str
    limits: Limits

    @classmethod
    def load(cls, path: Path | None = None) -> ModelFolder:
        """Open and verify a folder; None is the one that ships in the package.

        Raises:
            ModelMissing: the folder or a file of it is not there.
            DigestMismatch: a file is not the one that was published.
            ModelError: `config.json` or `digests.json` cannot be read.
        """
        path = SHIPPED if path is None else path
        require(
            path,
            FILES,
            "name a folder made by `streamrec export`, or unset `model`",
            f"`streamrec models verify {path}` lists every file: fetch the folder again or export it anew",
        )
        try:
            limits = msgspec.json.decode((path / "config.json").read_bytes(), type=_Config).streamrec
        except msgspec.MsgspecError as exc:
            raise ModelError(f"{path}/config.json is not of a streamrec model ({exc}); name a folder made by `streamrec export`") from exc
        return cls(path, revision_of(path), limits)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.limits.name

    @property
    def text(self) -> str:
        """Names the graphs that vectors and scores come from, and their words: a blend weighs those of one text model."""
        digests = published(self.path)
        return hashlib.sha256("".join(digests.get(name, "") for name in (ENCODER, CROSS_ENCODER, WORDS)).encode()).hexdigest()[:12]

    @property
    def has_late(self) -> bool:
        """Whether the folder holds the graphs of the late interaction."""
        return (self.path / LATE_ENCODER).is_file() and (self.path / LATE_SCORER).is_file()

    def graph(self, name: str, precision: str) -> Path | None:
        """The file of a graph in a precision, as in `onnx/cross_encoder.int8.onnx`, or None."""
        path = self.path / (name if precision == "fp32" else f"{name.removesuffix('.onnx')}.{precision}.onnx")
        return path if path.is_file() else None
