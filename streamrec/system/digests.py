"""Digests of folders: a file that says what every other file of a folder was when it was published."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from streamrec.errors import DigestMismatch, ModelError, ModelMissing

DIGESTS = "digests.json"


def require(path: Path, names: Iterable[str], if_missing: str, if_changed: str) -> None:
    """See that a folder has these files, and that every file of it is the one that was published.

    Args:
        path: the folder.
        names: files that it must have, beside its digests.
        if_missing: what the operator does where one is not there.
        if_changed: what the operator does where one is another.

    Raises:
        ModelMissing: the folder or a file of it is not there.
        DigestMismatch: a file is not the one that was published.
        ModelError: the digests cannot be read.
    """
    for name in (DIGESTS, *names):
        if not (path / name).is_file():
            raise ModelMissing(f"the model folder {path} has no {name}; {if_missing}")
    for name, state in verify(path).items():
        if state != "ok":
            raise DigestMismatch(f"{name} in the model folder {path} is {state}; {if_changed}")


def revision_of(path: Path) -> str:
    """What names the contents of a folder: the start of the digest of its digests.

    Raises:
        ModelMissing: the folder has none.
    """
    if not (path / DIGESTS).is_file():
        raise ModelMissing(f"the model folder {path} has no {DIGESTS}; name a folder made by `streamrec export` or `streamrec train`")
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
        raise ModelMissing(f"{path} has no readable {DIGESTS}; name a folder made by `streamrec export` or `streamrec train`") from exc
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
