"""Chooses the blend once the catalogue is there: after the model, whose blend it is, and before what was learned on top of it."""

from __future__ import annotations

from collections.abc import Sequence

from streamrec.contract.records import Inbound
from streamrec.worker.assembly import Ranking


class BlendFeed:
    """Implements `follower.Feed` without a topic of its own."""

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking

    def topics(self) -> list[str]:
        """None."""
        return []

    def apply(self, topic: str, records: Sequence[Inbound]) -> None:
        """Nothing comes."""

    def settle(self) -> None:
        """Choose by the catalogue as the topics had it at the start."""
        self._ranking.choose()

    def between(self) -> None:
        """Choose when the first items of a new shop have come."""
        self._ranking.choose()
