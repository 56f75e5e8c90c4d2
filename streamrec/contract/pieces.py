"""What the pure side gives to a worker: a processor for each state family, and who plays the roles beside them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from streamrec.contract.idle import Idle
from streamrec.contract.processor import Processor
from streamrec.contract.records import Inbound
from streamrec.contract.rows import Rows
from streamrec.errors import BadEvent

Names = tuple[dict[str, str], dict[str, str]]
"""Titles of items and of rooms by their ids."""


class Follower(Protocol):
    """Follows the broadcast topics. All but `polled` is called on the core thread."""

    @property
    def topics(self) -> Collection[str]:
        """The full names of the topics it follows; each is read whole before the first event."""
        ...

    def apply(self, topic: str, records: Sequence[Inbound]) -> None:
        """Take over records of one partition of a topic, in order, tombstones among them.

        When it raises, they come again one by one: applying a record twice must do no harm.
        """
        ...

    def reject(self, record: Inbound, error: BadEvent) -> None:
        """A record on which `apply` raised is given up."""
        ...

    def prepare(self) -> None:
        """Make ready what needs none of the records. Called once, on a thread of its own, while they are read; may take long."""
        ...

    def warm(self) -> None:
        """Everything that was there at the start is applied: get ready for the first event. Called once; may take long."""
        ...

    def between(self) -> None:
        """Do what is due between two batches; called some times a second, so it must be short."""
        ...

    def polled(self, moment: float) -> None:
        """Up to this monotonic time the topics are known. Called on the event loop: store it and return."""
        ...


class Inspector(Protocol):
    """Answers people who look into the worker: on the live page, and by the command `state`. Called on the core thread."""

    def names(self, items: Collection[str], rooms: Collection[str]) -> Names:
        """The titles of those among these items and rooms that are known."""
        ...

    def moment(self, room_id: str) -> Any:
        """What a live room is about (`events.speech.RoomMoment`), or None where nothing is known of it."""
        ...

    def known(self, rows: Rows[Any], user_id: str) -> dict[str, Any]:
        """What the rows of the user's partition hold of a user: `user_id`, `row` and `erased`, the last two None where there is none."""
        ...

    def removed(self, rows: Rows[Any], user_id: str) -> dict[str, list[str]]:
        """The ids of the items that filters keep out of the user's lists, by the name of the filter."""
        ...


class Gauges(Protocol):
    """What the metrics ask when they are read. Called on the event loop, while the core may be at work: only look, and be quick."""

    def model(self) -> Mapping[str, str]:
        """Labels of the model in use: name, revision, provider, precision, blend and why that blend ranks."""
        ...

    def pairs(self) -> Mapping[str, int]:
        """Pairs for the cross-encoder, by what became of them."""
        ...

    def comments(self) -> Mapping[str, int]:
        """Comments, by how they were read."""
        ...

    def reading(self) -> Mapping[str, float]:
        """What lists ask of the cross-encoder, and what the load allows, by what it is; what is not known is missing."""
        ...

    def swaps(self) -> Mapping[str, int]:
        """Published models, by what became of them."""
        ...

    def weights(self) -> Mapping[str, int]:
        """Versions of learned weights, by what became of them."""
        ...

    def held(self) -> Mapping[str, int]:
        """How much the catalogue holds, by what it is."""
        ...

    def dropped(self) -> Mapping[str, int]:
        """How much the catalogue gave up because it was too much or too old, by what it was."""
        ...

    def nearest(self) -> Mapping[str, int]:
        """The clusters in which the nearest items of a large catalogue are looked for, by what is counted."""
        ...

    def recall(self) -> float | None:
        """The share of the nearest items that are found in clusters; None if that was not measured."""
        ...

    def awaiting(self) -> int:
        """Records of the catalogue that wait for their schemas."""
        ...


@dataclass(frozen=True, slots=True)
class WorkerPieces:
    """Everything pure that a worker runs. A role that nobody plays is played by `Idle`."""

    user: Processor[Any, Any]
    item: Processor[Any, Any]
    room: Processor[Any, Any] | None = None
    """A worker without one leaves what rooms say to others."""
    follower: Follower = field(default_factory=Idle)
    inspector: Inspector = field(default_factory=Idle)
    gauges: Gauges = field(default_factory=Idle)
