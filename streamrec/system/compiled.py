"""Plain loops over arrays as machine code, compiled once for each machine and kept on disk.

What ranking runs is compiled in one go by `streamrec.ranking.rehearsal`. `NUMBA_DISABLE_JIT=1` runs the same loops as Python, a thousand
times slower, which is what a test compares them with.
"""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import llvmlite.binding as llvm
import numba

PACKAGE = Path(__file__).parents[1]
SHIPPED = PACKAGE / "compiled"
"""Where an image keeps what it has compiled: its users may be unable to write there."""
ROOMS = ("catalogue", "ranking", "state", "system")
"""The folders that hold compiled loops, and the constants in them."""
BASELINE, NEEDS = "x86-64-v3", ("avx2", "bmi2", "fma")
"""What is compiled for x86: any such processor of the last ten years runs it, so that an image is compiled once for all machines, and
all of them compute the same."""
KEPT_S = 30 * 86_400
"""So long compiled code is kept that no process has added to."""
FLOATS = {"contract", "reassoc", "arcp", "nsz"}
"""What the compiler may do to sums so that they become vector instructions; NaN and infinity stay what they are."""

Loop = TypeVar("Loop", bound=Callable[..., Any])
_config: Any = numba.config


def _sources() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((PACKAGE / room).rglob("*.py"))


def _digest() -> str:
    """Names the sources: a compiled function on disk does not notice that one which it calls has changed."""
    return blake2b(b"\0".join(path.read_bytes() for path in _sources()), digest_size=8).hexdigest()


def _folder() -> Path:
    """Where compiled code is kept: in the user's cache, or where that cannot be written in the folder for temporary files."""
    name = f"streamrec-{_digest()}"
    wanted = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "streamrec"
    for parent in (wanted, Path(tempfile.gettempdir()) / f"streamrec-{os.getuid()}"):
        folder = parent / name
        try:
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _ours(parent):
                continue
            if not folder.exists():
                _forget_old(parent)
                if (SHIPPED / name).is_dir():
                    shutil.copytree(SHIPPED / name, folder, dirs_exist_ok=True)
            folder.mkdir(exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="streamrec-"))


def _ours(folder: Path) -> bool:
    """Whether nobody else may write there: what lies there is run."""
    about = folder.stat()
    return about.st_uid == os.getuid() and not about.st_mode & 0o022


def _forget_old(parent: Path) -> None:
    """Every version, and every edit of a developer, leaves some megabytes."""
    for folder in parent.glob("streamrec-*"):
        if folder.stat().st_mtime < time.time() - KEPT_S:
            shutil.rmtree(folder, ignore_errors=True)


def _tell() -> Path:
    """Tell numba where to keep what it compiles, and for which processor, unless the user has; returns the folder."""
    # Not by the environment: processes that are started from here may be of another version.
    if not _config.CACHE_DIR:
        _config.CACHE_DIR = str(_folder())
    features = llvm.get_host_cpu_features()
    if _config.CPU_NAME is None and platform.machine() in ("x86_64", "AMD64") and all(features.get(name) for name in NEEDS):
        _config.CPU_NAME, _config.CPU_FEATURES = BASELINE, ""
    return Path(_config.CACHE_DIR)


FOLDER = _tell()
"""Where compiled code is kept."""

_njit: Any = numba.njit
_KNOBS = {"nogil": True, "cache": True, "error_model": "numpy"}
_NO_DOORS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def jit(loop: Loop) -> Loop:
    """Compile at the first call, or load what an earlier process compiled; the interpreter's lock is released while it runs."""
    made: Loop = _njit(**_KNOBS, fastmath=FLOATS)(loop)
    return made


def inlined(loop: Loop) -> Loop:
    """The same for a function that only compiled ones call: it gets no door to Python, which takes long to compile."""
    made: Loop = _njit(**_KNOBS, **_NO_DOORS, fastmath=FLOATS)(loop)
    return made


def exact(loop: Loop) -> Loop:
    """Like `inlined` where sums must be taken in the order in which they are written."""
    # What is said nothing of, a function has from the one that calls it.
    made: Loop = _njit(**_KNOBS, **_NO_DOORS, fastmath={"contract"})(loop)
    return made


def finite(loop: Loop) -> Loop:
    """Like `inlined` where no value is NaN or infinite, so that maxima become vector instructions, too."""
    made: Loop = _njit(**_KNOBS, **_NO_DOORS, fastmath=True)(loop)
    return made
