"""The JSON lines that importers write, checked as their readers will check them."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from streamrec.errors import BadEvent
from streamrec.events.codec import decode

_encoder = msgspec.json.Encoder()


def fault(topic_name: str, record: dict[str, Any]) -> str | None:
    """Why a reader of the topic would refuse the record; None where it takes it."""
    try:
        decode(topic_name, _encoder.encode(record))
    except BadEvent as exc:
        return str(exc)
    return None


def write_lines(path: Path, records: Iterable[dict[str, Any]]) -> int:
    """Write JSON lines and return their number. A file whose name ends in `.gz` is compressed, with the same bytes for the same lines."""
    count = 0
    with path.open("wb") as raw:
        # Without name and time in its header, so that two imports of one file give one digest.
        out: Any = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) if path.suffix == ".gz" else raw
        for record in records:
            out.write(_encoder.encode(record) + b"\n")
            count += 1
        if out is not raw:
            out.close()
    return count
