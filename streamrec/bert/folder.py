"""Model folders: Hugging Face layout, every file under its SHA-256 digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from streamrec.errors import DigestMismatch, ModelError, ModelMissing

SHIPPED = Path(__file__).resolve().parent.parent / "models" / "mini"
DIGESTS = "digests.json"
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
        for name in (DIGESTS, *FILES):
            if not (path / name).is_file():
                raise ModelMissing(f"the model folder {path} has no {name}; name a folder made by `streamrec export`, or unset `model`")
        for name, state in verify(path).items():
            if state != "ok":
                raise DigestMismatch(
                    f"{name} in the model folder {path} is {state}; `streamrec models verify {path}` lists every file: "
                    "fetch the folder again or export it anew"
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


def revision_of(path: Path) -> str:
    """What names the contents of a folder: the start of the digest of its digests.

    Raises:
        ModelMissing: the folder has none.
    """
    if not (path / DIGESTS).is_file():
        raise ModelMissing(f"the model folder {path} has no {DIGESTS}; name a folder made by `streamrec export`")
    return digest(path / DIGESTS)[:12]


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def published(path: Path) -> dict[str, str]:
    """The digests that the folder was published with, by file.

    Raises:
        ModelMissing: the folder has no digests.
        ModelError: they cannot be read.
    """
    try:
        return msgspec.json.decode((path / DIGESTS).read_bytes(), type=dict[str, str])
    except OSError as exc:
        raise ModelMissing(f"{path} has no readable {DIGESTS}; name a folder made by `streamrec export`") from exc
    except msgspec.MsgspecError as exc:
        raise ModelError(f"{path / DIGESTS} is not a table of digests ({exc}); fetch the folder again or export it anew") from exc


def verify(path: Path) -> dict[str, str]:
    """The state of every file by its name: ok, changed, missing, or unpublished (no digest vouches for it)."""
    wanted = published(path)
    there = {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()} - {DIGESTS}
    states = dict.fromkeys(there - wanted.keys(), "unpublished")
    for name, expected in wanted.items():
        states[name] = "missing" if name not in there else "ok" if digest(path / name) == expected else "changed"
    return dict(sorted(states.items()))


def seal(path: Path) -> None:
    """Write the digests of every other file of the folder."""
    digests = {file.relative_to(path).as_posix(): digest(file) for file in path.rglob("*") if file.is_file() and file.name != DIGESTS}
    (path / DIGESTS).write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(digests.items()))), indent=2) + b"\n")
