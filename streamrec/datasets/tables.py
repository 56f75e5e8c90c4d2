"""CSV files that others wrote, plain or gzipped; errors name the line."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TextIO

from streamrec.errors import InputError

Wrap = Callable[[BinaryIO], BinaryIO]
SHOWN = 5
"""How many places of each reason are kept: enough to look the fault up, however many millions of rows have it."""


@dataclass(slots=True)
class LeftOut:
    """What an importer left out: how many rows for each reason, and the first places of each, such as "line 12"."""

    counts: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, place: str) -> None:
        """Count one row."""
        self.counts[reason] += 1
        places = self.places.setdefault(reason, [])
        if len(places) < SHOWN:
            places.append(place)

    def lines(self) -> list[str]:
        """The report for people, the most frequent reason first."""
        more = {reason: ", …" if count > SHOWN else "" for reason, count in self.counts.items()}
        return [
            f"{count:>8} left out: {reason} ({', '.join(self.places[reason])}{more[reason]})" for reason, count in self.counts.most_common()
        ]


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """The UTF-8 text of a file, with or without a byte order mark, decompressed if its name ends in `.gz`."""
    with _open(path) as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
        yield text


def read_rows(path: Path, columns: Sequence[str], what: str, wrap: Wrap | None = None) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows that are not blank, each with the number of its line. `wrap` may watch the bytes, for a progress bar.

    No field may hold a line break, so that a quote that is not closed is found where it stands. `what` names the wanted file in errors.

    Raises:
        InputError: the file cannot be read, lacks one of the `columns`, or a line is no row; the message names it.
    """
    try:
        with _open(path, wrap) as raw:
            yield from _rows(path, raw, columns, what)
    except (OSError, EOFError, zlib.error) as exc:
        raise InputError(f"{path} cannot be read: {exc}; give the path of {what}, as .csv or .csv.gz") from exc


def _rows(path: Path, raw: BinaryIO, columns: Sequence[str], what: str) -> Iterator[tuple[int, dict[str, str]]]:
    # Strict: the usual leniency would swallow rows behind a quote that is not closed.
    reader = csv.reader(_decoded(path, raw), strict=True)
    names: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as exc:
            raise InputError(f"{path}: line {line} is no row of CSV ({exc}); see whether a quote that begins there is not closed") from exc
        if row is None and names is not None:
            return
        if reader.line_num > line:
            raise InputError(f"{path}: line {line}: a quoted field begins there and does not end on it; close the quote, or remove it")
        if names is None:
            # The first row; an empty file lacks all columns.
            names = [name.strip() for name in row or ()]
            if missing := [name for name in columns if name not in names]:
                raise InputError(
                    f"{path}: line 1 lacks the columns {', '.join(missing)}; it has {', '.join(names)[:200]}: give {what} as CSV"
                )
        elif row:
            if len(row) != len(names):
                raise InputError(f"{path}: line {line} has {len(row)} fields, and line 1 has {len(names)}; correct or remove it")
            yield line, dict(zip(names, row, strict=True))


def _decoded(path: Path, raw: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(raw, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as exc:
            byte = exc.object[exc.start]
            raise InputError(
                f"{path}: line {number} is not UTF-8 (byte 0x{byte:02x}); convert the file, such as with `iconv -f latin1 -t utf-8`"
            ) from exc


@contextmanager
def _open(path: Path, wrap: Wrap | None = None) -> Iterator[BinaryIO]:
    with path.open("rb") as raw:
        watched = wrap(raw) if wrap else raw
        yield gzip.GzipFile(fileobj=watched) if path.suffix == ".gz" else watched  # type: ignore[misc]
