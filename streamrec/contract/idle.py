"""The roles of a worker beside its processors, played by somebody who does nothing: for workers that need only some of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from streamrec.contract.records import Inbound
from streamrec.contract.rows import Rows
from streamrec.errors import BadEvent


class Idle:
    """Follows no topics, knows nobody and counts nothing; subclasses override what they need. See `pieces` for the roles."""

    topics: Collection[str] = ()

    def apply(self, topic: str, records: Sequence[Inbound]) -> None:
        """Pass the records over."""

    def reject(self, record: Inbound, error: BadEvent) -> None:
        """Raise the error: nobody sends dead letters here, and a record must not be lost in silence."""
        raise error

    def prepare(self) -> None:
        """Nothing to make ready."""

    def warm(self) -> None:
        """Be ready."""

    def between(self) -> None:
        """Nothing is due."""

    def polled(self, moment: float) -> None:
        """Forget it."""

    def names(self, items: Collection[str], rooms: Collection[str]) -> tuple[dict[str, str], dict[str, str]]:
        """No titles."""
        return {}, {}

    def moment(self, room_id: str) -> Any:
        """No moment."""
        return None

    def known(self, rows: Rows[Any], user_id: str) -> dict[str, Any]:
        """No row."""
        return {"user_id": user_id, "row": None, "erased": None}

    def removed(self, rows: Rows[Any], user_id: str) -> dict[str, list[str]]:
        """No filters."""
        return {}

    def model(self) -> Mapping[str, str]:
        """No model."""
        return {}

    def pairs(self) -> Mapping[str, int]:
        """None."""
        return {}

    def comments(self) -> Mapping[str, int]:
        """None."""
        return {}

    def reading(self) -> Mapping[str, float]:
        """Nothing."""
        return {}

    def swaps(self) -> Mapping[str, int]:
        """None."""
        return {}

    def weights(self) -> Mapping[str, int]:
        """None."""
        return {}

    def held(self) -> Mapping[str, int]:
        """None."""
        return {}

    def dropped(self) -> Mapping[str, int]:
        """None."""
        return {}

    def nearest(self) -> Mapping[str, int]:
        """None."""
        return {}

    def recall(self) -> float | None:
        """Not measured."""
        return None

    def awaiting(self) -> int:
        """None."""
        return 0
