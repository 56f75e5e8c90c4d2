"""Files of events: one JSON object a line, plain or gzipped."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from streamrec.errors import BadEvent, InputError
from streamrec.events.codec import INPUTS, Event, decode


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers from 0.

    Raises:
        InputError: the file is not there or breaks off; the message names it.
    """
    number = -1
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file):
                if line.strip():
                    yield number, line.strip()
    except (EOFError, gzip.BadGzipFile, OSError) as error:
        after = f", after line {number + 1}" if number >= 0 else ""
        raise InputError(f"{path}{after}: {error}") from error


def parse_line(path: Path, number: int, topic: str, value: bytes) -> Event:
    """A line as an event of `topic` (without prefix).

    Raises:
        InputError: it is not; the message names file and line.
    """
    if topic not in INPUTS:
        raise InputError(f"{path}, line {number + 1}: the topic must be one of {', '.join(INPUTS)}, not {topic}")
    try:
        return decode(topic, value)
    except BadEvent as error:
        raise InputError(f"{path}, line {number + 1}: {error}") from error
