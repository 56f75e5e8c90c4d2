"""Continuous micro-batching: rows of any number of callers share the runs of one graph, within a token budget and a bounded queue."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.bert.cutting import runs
from streamrec.bert.pairs import Feeds, length_batches
from streamrec.bert.runtime import Session
from streamrec.errors import Overloaded

QUEUE_TOKENS = 4_000_000
"""The most tokens that may wait: half a minute of work for one core with the shipped model in int8 (5,465 pairs of 32 tokens a second)."""
LEAST_TOKENS = 256
"""Work is not split between threads more finely than this: every run has a fixed cost."""


class Ticket:
    """The rows of one call, and the outputs that have arrived so far."""

    def __init__(self, feeds: Feeds, lengths: NDArray[np.intp], changed: threading.Condition) -> None:
        self.feeds = feeds
        self.lengths = lengths
        self.left = 0
        """Rows that are queued or running."""
        self.cancelled = False
        self.output: NDArray[np.float32] | None = None
        self.fault: Exception | None = None
        self.began_s = self.ended_s = 0.0
        """When (monotonic) the first of the rows began to run, and when the last one that has an output was done; 0 before."""
        self._changed = changed

    def wait(self, patience_s: float | None = None) -> NDArray[np.float32] | None:
        """Return the outputs in the order of the rows, or None if no row has one.

        Rows without an output after `patience_s` are cancelled; theirs is NaN.

        Raises:
            Exception: what the runtime raised.
        """
        deadline = None if patience_s is None else time.monotonic() + patience_s
        with self._changed:
            while self.left and self.fault is None:
                left_s = None if deadline is None else deadline - time.monotonic()
                if left_s is not None and left_s <= 0:
                    break
                self._changed.wait(left_s)
            self.cancelled = True
            if self.fault is not None:
                raise self.fault
            return self.output

    def busy_s(self) -> float:
        """Seconds from when the first of the rows began to run until the last one was done, or until now where some are given up."""
        if not self.began_s:
            return 0.0
        return (time.monotonic() if self.left else self.ended_s) - self.began_s

    def deliver(self, rows: NDArray[np.intp], output: NDArray[np.float32]) -> None:
        """Store the outputs of `rows`, unless the caller has stopped waiting; the lock must be held."""
        if self.cancelled:
            return
        if self.output is None:
            self.output = np.full((len(self.lengths), *output.shape[1:]), np.nan, np.float32)
        self.output[rows] = output
        self.left -= len(rows)
        self.ended_s = time.monotonic()


Chunk = tuple[Ticket, NDArray[np.intp]]


class MicroBatcher:
    """Runs a graph in its own threads, each run on one of them; the runtime releases the GIL during a run.

    The rows of a call are sorted by length and cut into chunks within the token budget. A run takes the oldest chunk and as many of the
    following ones as fit.
    """

    def __init__(
        self, session: Session, token_budget: int, threads: int = 1, queue_tokens: int = QUEUE_TOKENS, run_tokens: int = 0
    ) -> None:
        """With `run_tokens` calls are cut as for a GPU, see `cutting.runs`, and runs share no more padding than they save."""
        self._session = session
        self._budget = token_budget
        self._queue_tokens = queue_tokens
        self._run_tokens = run_tokens
        self._chunks: deque[Chunk] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._threads = threads
        self._started: list[threading.Thread] = []
        self._closed = False

    def submit(self, feeds: Feeds) -> Ticket:
        """Queue the rows of `feeds`, padded on the right to any width. Safe to call from any thread.

        Raises:
            Overloaded: the queue would hold more tokens than it may.
        """
        lengths = feeds["attention_mask"].sum(axis=1, dtype=np.intp)
        tokens = int(lengths.sum())
        share = max(LEAST_TOKENS, -(-tokens // self._threads))
        with self._changed:
            self._forget_cancelled()
            if self._waiting + tokens > self._queue_tokens:
                raise Overloaded(
                    f"{self._waiting} tokens wait for the model and {tokens} more would be above {self._queue_tokens}: "
                    "add workers or threads, or lower cross_pairs"
                )
            ticket = Ticket(feeds, lengths, self._changed)
            ticket.left = len(lengths)
            cut = runs(lengths, self._budget, self._run_tokens) if self._run_tokens else length_batches(lengths, min(self._budget, share))
            for rows in cut:
                self._chunks.append((ticket, rows))
            self._waiting += tokens
            self._start_threads()
            self._changed.notify_all()
        return ticket

    def run(self, feeds: Feeds) -> NDArray[np.float32] | None:
        """Submit the rows and wait for all outputs."""
        return self.submit(feeds).wait()

    def close(self) -> None:
        """Stop the threads after their current runs."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._started:
            thread.join()

    def _start_threads(self) -> None:
        while len(self._started) < self._threads:
            thread = threading.Thread(target=self._work, name=f"bert-{len(self._started)}", daemon=True)
            self._started.append(thread)
            thread.start()

    def _forget_cancelled(self) -> None:
        if any(ticket.cancelled for ticket, _ in self._chunks):
            self._waiting -= sum(int(ticket.lengths[rows].sum()) for ticket, rows in self._chunks if ticket.cancelled)
            self._chunks = deque(chunk for chunk in self._chunks if not chunk[0].cancelled)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (chunks := self._take()):
                    if self._closed:
                        return
                    self._changed.wait()
            try:
                output = self._session.run(_feeds(chunks))
            except Exception as fault:  # whatever the runtime raises belongs to those who wait
                with self._changed:
                    for ticket, _ in chunks:
                        ticket.fault = fault
                    self._changed.notify_all()
                continue
            with self._changed:
                start = 0
                for ticket, rows in chunks:
                    ticket.deliver(rows, output[start : start + len(rows)])
                    start += len(rows)
                self._changed.notify_all()

    def _take(self) -> list[Chunk]:
        """Take the oldest chunk and the following ones that fit into the same run."""
        self._forget_cancelled()
        taken: list[Chunk] = []
        count = width = 0
        while self._chunks:
            ticket, rows = self._chunks[0]
            wider = max(width, int(ticket.lengths[rows[-1]]))
            if taken and (count + len(rows)) * wider > self._budget:
                break
            if taken and 0 < self._run_tokens < count * (wider - width) + len(rows) * (wider - int(ticket.lengths[rows[-1]])):
                break
            count, width = count + len(rows), wider
            taken.append(self._chunks.popleft())
            ticket.began_s = ticket.began_s or time.monotonic()
            self._waiting -= int(ticket.lengths[rows].sum())
        return taken


def _feeds(chunks: Sequence[Chunk]) -> Feeds:
    """One padded batch of all rows."""
    width = max(int(ticket.lengths[rows[-1]]) for ticket, rows in chunks)
    names = chunks[0][0].feeds.keys()
    return {name: _joined([_padded(ticket.feeds[name][rows, :width], width) for ticket, rows in chunks]) for name in names}


def _padded(block: NDArray[np.int32], width: int) -> NDArray[np.int32]:
    return np.pad(block, ((0, 0), (0, width - block.shape[1]))) if block.shape[1] < width else block


def _joined(blocks: list[NDArray[Any]]) -> NDArray[Any]:
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
