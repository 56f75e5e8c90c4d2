"""The contract between the engine and the pure code: one batch of records in, changed rows and records out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol

from streamrec.contract.memory import Remembered
from streamrec.contract.records import Inbound, Outbound
from streamrec.contract.rows import Row, Rows


@dataclass(slots=True)
class Outcome:
    """What became of a batch.

    `records` are sent at once and confirmed before the checkpoint that covers the batch. `saved` are written in its
    transaction: nobody who reads what is committed sees them before the state is saved, or ever, when another worker has
    taken over. `counts` are added to the metric `streamrec_events_total` by outcome ("applied", "repeated", "dead_letter",
    "erased", "list", "coalesced", "degraded", …), those of candidates ("kept", "removed_…") to `streamrec_candidates_total`;
    `seconds` are observed in the histogram of the stage's duration. `event_ms` is the event time of the last event.
    """

    records: list[Outbound] = field(default_factory=list)
    saved: list[Outbound] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    event_ms: int | None = None


class Shard(NamedTuple, Generic[Row, Remembered]):
    """What a processor works on: the rows of partition `number` of its state family, and its memory beside them."""

    number: int
    rows: Rows[Row]
    memory: Remembered


class Part(NamedTuple, Generic[Row, Remembered]):
    """Records of one topic partition, in order, and the shard that they change; `lag` more records wait in Kafka behind them."""

    shard: Shard[Row, Remembered]
    records: Sequence[Inbound]
    lag: int = 0


class Processor(Protocol[Row, Remembered]):
    """The pure code of one state family. Its methods are called one at a time."""

    @property
    def memory(self) -> type[Remembered]:
        """The type of its memory: a partition without a mark begins with `memory()`, another one with `memory.load(...)`."""
        ...

    def process(self, parts: Sequence[Part[Row, Remembered]]) -> list[Outcome]:
        """Apply the parts in order, each to its own shard; one outcome each. Bad records become dead letters.

        Parts of several topics of one partition share one shard.
        When it raises, nothing that it did counts: the record at fault is found by trying less at once, and becomes a dead
        letter; a StreamrecError ends the process.
        """
        ...

    def waits(self, shard: Shard[Row, Remembered]) -> bool:
        """Whether something waits for a time. Called often, on the event loop: look at number and memory, not at rows."""
        ...

    def tick(self, shard: Shard[Row, Remembered], now_ms: int) -> Outcome:
        """Send what waits for a time (called several times a second where something `waits`); raising ends the process."""
        ...

    def pack(self, row: Row) -> bytes:
        """The row as the changelog holds it, version byte first."""
        ...

    def unpack(self, raw: bytes) -> Row:
        """The reverse of `pack`; knows every older version."""
        ...
