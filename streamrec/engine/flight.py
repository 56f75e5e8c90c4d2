"""Batches on their way through Faust, from the fetch to the engine, and those that have been lost there."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable

from faust.types.tuples import TP

LOST_AFTER_S = 3.0
"""Longer than Faust ever needs to bring a batch to an agent. Less would fetch twice what a busy loop has not come to; more would leave a
partition standing when Faust clears its queues, as it does when it resumes the flow after a rebalance."""


class Flight:
    """Which topic partitions have a batch under way: through Faust, and then with the engine until it is applied; one each at most."""

    def __init__(self) -> None:
        self._since: dict[TP, float] = {}
        self._landed: dict[str, float] = {}
        self._held: set[TP] = set()

    def idle(self, tp: TP) -> bool:
        """Whether no batch is under way. Safe on any thread."""
        return tp not in self._since and tp not in self._held

    def flying(self) -> Collection[TP]:
        """The partitions whose batch is on its way through Faust."""
        return self._since.keys()

    def begin(self, tp: TP) -> None:
        """A batch was handed to Faust."""
        self._since[tp] = time.monotonic()

    def land(self, tp: TP) -> None:
        """A batch has come to the engine."""
        self._landed[tp.topic] = self._since.pop(tp, 0.0)
        self._held.add(tp)

    def end(self, tps: Iterable[TP]) -> None:
        """Batches were applied, or will be fetched again."""
        for tp in tps:
            self._since.pop(tp, None)
            self._held.discard(tp)

    def clear(self) -> None:
        """Nothing is under way."""
        self._since.clear()
        self._held.clear()

    def lost(self) -> list[TP]:
        """The partitions whose batch will not arrive: a later one of its topic did, and agents take them in order; or it takes too long."""
        now = time.monotonic()
        return [tp for tp, since in self._since.items() if since < self._landed.get(tp.topic, 0.0) or since < now - LOST_AFTER_S]
