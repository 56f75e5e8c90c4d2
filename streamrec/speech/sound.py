"""Reads sound beside the hearing of it, so that a live stream need not wait."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from io import FileIO

from streamrec.errors import InputError
from streamrec.speech.audio import RATE, Samples, chunks

MOST_WAITING = 100_000
"""Chunks, of 20 ms and more, that were read and not yet heard: then the pipe has to wait."""


class Sound:
    """Sound that a thread reads while other sound is heard; it ends when the source does, or when `stop` is set."""

    def __init__(self, source: str, *, raw: bool, paced: bool, stop: threading.Event) -> None:
        """`source` is a file, an address or "-" for standard input; `paced` gives it out no faster than it plays."""
        self._source, self._raw, self._paced, self._stop = source, raw, paced, stop
        self._read: queue.Queue[Samples | Exception | None] = queue.Queue(MOST_WAITING)
        self._samples_waiting = 0

    @property
    def waiting_s(self) -> float:
        """How much sound was read and not yet heard."""
        return self._samples_waiting / RATE

    def __iter__(self) -> Iterator[Samples]:
        # A daemon: a pipe that sends nothing any more would hold up the end of the process.
        threading.Thread(target=self._fill, daemon=True).start()
        while not self._stop.is_set():
            try:
                found = self._read.get(timeout=0.2)
            except queue.Empty:
                continue
            if found is None:
                return
            if isinstance(found, Exception):
                raise found
            self._samples_waiting -= len(found)
            yield found

    def _fill(self) -> None:
        begin, sent = time.monotonic(), 0
        try:
            # Without a buffer, whose lock this thread would still hold when the process ends.
            source = FileIO(0, closefd=False) if self._source == "-" else self._source
            for samples in chunks(source, raw=self._raw):
                if self._paced and self._stop.wait(max(0.0, begin + sent / RATE - time.monotonic())):
                    break
                sent += len(samples)
                self._samples_waiting += len(samples)
                self._read.put(samples)
            self._read.put(None)
        except (InputError, OSError) as exc:
            self._read.put(exc)
