"""The worker's data folder: used by one worker at a time, readable by its owner alone, and the home of the worker's identity."""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec

from streamrec.errors import DataFolderInUse
from streamrec.system.addresses import reachable
from streamrec.system.private import made_private, private_umask

OURS = ("lock", "instance", "instance.new", "web.json", "web.json.new", "user", "item", "room")
"""What a worker makes in its folder. Whatever else lies there is not touched: the folder may be one that holds other things too."""

FAULT = "fault.json"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock the folder, making it if it is not there; the lock ends with the process.

    Only their owner may read the folder and its files, including those made within the block.

    Raises:
        DataFolderInUse: another worker holds it.
        FolderNotOurs: it belongs to another user.
    """
    made_private(folder, OURS)
    with private_umask():
        # The system lets go of the lock when the process is killed; a file that only stood there would have to be removed by hand.
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                raise DataFolderInUse(
                    f"another worker uses the data folder {folder}: stop it, or give this one a folder of its own with --data-dir"
                ) from exc
            yield
        finally:
            os.close(handle)


def instance_id(folder: Path, given: str | None) -> str:
    """The static membership id: the given one, or else the folder's own, which is made up at first use."""
    if given is not None:
        return given
    file = folder / "instance"
    if not file.exists():
        part = file.with_suffix(".new")
        part.write_text(uuid.uuid4().hex)
        part.rename(file)
    return file.read_text().strip()


class Fault(msgspec.Struct):
    """How the last worker on a folder ended: when (ms), with which exit code, and with which message."""

    ts: int
    code: int
    message: str


def write_fault(folder: Path, fault: Fault) -> None:
    """Leave a note for `streamrec doctor`; failing to do so is no further fault."""
    with contextlib.suppress(OSError):
        handle = os.open(folder / FAULT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(fault))


def last_fault(folder: Path) -> Fault | None:
    """The note, if the last worker ended with a fault and no other has run well since."""
    try:
        return msgspec.json.decode((folder / FAULT).read_bytes(), type=Fault)
    except (OSError, msgspec.MsgspecError):
        return None


def forget_fault(folder: Path) -> None:
    """Remove the note: a worker runs well."""
    (folder / FAULT).unlink(missing_ok=True)


def write_web(folder: Path, host: str, port: int) -> None:
    """Write into `web.json` where this machine reaches health, metrics and the live page."""
    # Renamed: whoever reads it meanwhile finds the former one whole.
    part = folder / "web.json.new"
    part.write_bytes(msgspec.json.encode({"host": reachable(host), "port": port, "pid": os.getpid()}))
    part.rename(folder / "web.json")
