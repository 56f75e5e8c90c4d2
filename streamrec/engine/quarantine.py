"""Quarantine: finds the record on which a processor raises, so that it costs one dead letter and not the stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import structlog

from streamrec.contract.processor import Outcome
from streamrec.contract.records import Inbound, place
from streamrec.errors import BadEvent, StreamrecError

log = structlog.get_logger(__name__)

LIMIT = 100
SHARE = 0.5
"""Once more than `LIMIT` records of a partition were condemned, and they are more than half of what it had, the code is at fault, not
the records: a stranger who finds one that raises must not be able to stop the others by sending it often."""

Whose = TypeVar("Whose")
Work = Sequence[tuple[Whose, Sequence[Inbound]]]
"""Records of several partitions."""


class Piece(NamedTuple):
    """Records of one partition that were processed together with their outcome; or the one on which the processor raises, and why."""

    records: Sequence[Inbound]
    outcome: Outcome | BadEvent


def is_fatal(fault: Exception) -> bool:
    """Whether state or disk are at fault, not the records."""
    return isinstance(fault, StreamrecError) and not isinstance(fault, BadEvent)


class Quarantine:
    """Counts the records of one partition, and those that made its processor raise."""

    def __init__(self) -> None:
        self._condemned = self._processed = 0

    def pass_over(self, records: int) -> None:
        """Note that so many records were processed."""
        self._processed += records

    def condemn(self, record: Inbound, fault: Exception) -> Piece:
        """Make the record a dead letter.

        Raises:
            Exception: the fault itself, where the code seems to be at fault rather than the records.
        """
        self._count(fault)
        log.error("a record on which the processor raises becomes a dead letter", **place(record))
        return Piece([record], BadEvent("failed", f"{type(fault).__name__} while the event was applied"))

    def tolerate(self, fault: Exception) -> None:
        """Note that a tick failed, which is tried again; raises as `condemn` does."""
        self._count(fault)
        log.error("what waits for a time could not be processed and is tried again", exc_info=fault)

    def _count(self, fault: Exception) -> None:
        self._condemned += 1
        if self._condemned > LIMIT and self._condemned > SHARE * (self._condemned + self._processed):
            raise fault


def sift(
    work: Work[Whose], process: Callable[[Work[Whose]], Sequence[Outcome]], quarantine: Callable[[Whose], Quarantine]
) -> list[tuple[Whose, Piece]]:
    """Process records of several partitions. Where that raises, process each partition alone, then each half of its records, and so on.

    Halving finds one bad record among 2,000 in some two dozen calls, and ranks the users of all others in large batches as before.
    `process` returns the outcome of each partition and must change nothing when it raises.

    Raises:
        StreamrecError: state or disk are at fault, not the records.
        Exception: what the processor raised, when it does so on most records of a partition.
    """
    try:
        pieces = [(whose, Piece(records, outcome)) for (whose, records), outcome in zip(work, process(work), strict=True)]
        for whose, records in work:
            quarantine(whose).pass_over(len(records))
        return pieces
    except Exception as fault:
        if is_fatal(fault):
            raise
        log.debug("a processor raised", records=sum(len(records) for _, records in work), exc_info=fault)
        if len(work) > 1:
            smaller: list[Work[Whose]] = [[part] for part in work]
        else:
            whose, records = work[0]
            if len(records) == 1:
                return [(whose, quarantine(whose).condemn(records[0], fault))]
            half = len(records) // 2
            smaller = [[(whose, records[:half])], [(whose, records[half:])]]
        return [piece for part in smaller for piece in sift(part, process, quarantine)]
