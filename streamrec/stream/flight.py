"""Batches on their way through Faust, from the fetch to the engine, and those that have been lost there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from faust.types.tuples import TP

LOST_AFTER_S = 3.0
"""Longer than Faust ever needs to bring a batch to an agent that has nothing to do."""


class Flight:
    """At most one batch of each topic partition is under way."""

    def __init__(self) -> None:
        self._since: dict[TP, float] = {}
        self._landed: dict[str, float] = {}
        self._handled: set[str] = set()

    def idle(self, tp: TP) -> bool:
        """Whether no batch is under way. Safe on any thread."""
        return tp not in self._since

    def begin(self, tp: TP) -> None:
        """A batch was fetched. Safe on any thread."""
        self._since[tp] = time.monotonic()

    def end(self, tps: Iterable[TP]) -> None:
        """Batches were applied, or are to be fetched again."""
        for tp in tps:
            self._since.pop(tp, None)

    def clear(self) -> None:
        """Nothing is under way."""
        self._since.clear()

    @contextmanager
    def handling(self, tp: TP) -> Iterator[None]:
        """An agent is busy with a batch of this partition, and the others of its topic wait."""
        self._handled.add(tp.topic)
        try:
            yield
        finally:
            self._handled.discard(tp.topic)
            self._landed[tp.topic] = self._since.get(tp, 0.0)

    def lost(self) -> list[TP]:
        """What does not arrive any more: its agent has overtaken it (they take batches in the order of the fetch) or has nothing to do."""
        now = time.monotonic()
        return [
            tp
            for tp, since in self._since.items()
            if since < self._landed.get(tp.topic, 0.0) or (tp.topic not in self._handled and since < now - LOST_AFTER_S)
        ]
