"""The contract between the engine and the pure code: one batch of records in, changed rows and records out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from streamrec.contract.records import Inbound, Outbound, Rows

Row = TypeVar("Row")
Memory = dict[str, Any]
"""What a processor remembers per partition beside its rows: values, and dictionaries of values that are replaced, never changed in place.
Saved in the mark of every checkpoint, so msgpack must be able to hold it. The engine puts the number of the partition under "partition"."""


@dataclass(slots=True)
class Outcome:
    """What became of a batch.

    `records` are sent at once and confirmed before the checkpoint that covers the batch. `saved` are written in its
    transaction: nobody who reads what is committed sees them before the state is saved, or ever, when another worker has
    taken over. `counts` are added to the
    metric `streamrec_events_total` by outcome ("applied", "repeated", "dead_letter", "erased", "list", "coalesced", "degraded", …),
    those of candidates ("kept", "removed_…") to `streamrec_candidates_total`;
    `seconds` are observed in the histogram of the stage's duration. `event_ms` is the event time of the last event.
    """

    records: list[Outbound] = field(default_factory=list)
    saved: list[Outbound] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    event_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Part(Generic[Row]):
    """Records of one topic partition, in order, and the rows and the memory that they change; `lag` more wait in Kafka behind them."""

    rows: Rows[Row]
    memory: Memory
    records: Sequence[Inbound]
    lag: int = 0


class Processor(Protocol[Row]):
    """The pure code of one state family. Its methods are called one at a time."""

    def process(self, parts: Sequence[Part[Row]]) -> list[Outcome]:
        """Apply the parts in order, each to its own rows and memory; one outcome each. Bad records become dead letters.

        Parts of several topics of one partition share its rows and its memory.
        When it raises, nothing that it did counts: the record at fault is found by trying less at once, and becomes a dead
        letter; a StreamrecError ends the process.
        """
        ...

    def waits(self, memory: Memory) -> bool:
        """Whether something waits for a time; called often, on the event loop."""
        ...

    def tick(self, rows: Rows[Row], memory: Memory, now_ms: int) -> Outcome:
        """Send what waits for a time (called several times a second where something `waits`); raising ends the process."""
        ...

    def pack(self, row: Row) -> bytes:
        """The row as the changelog holds it, version byte first."""
        ...

    def unpack(self, raw: bytes) -> Row:
        """The reverse of `pack`; knows every older version."""
        ...
