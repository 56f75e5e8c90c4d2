"""Quarantine: finds the record on which a processor raises, so that it costs one dead letter and not the stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import structlog

from streamrec.errors import BadEvent, StreamrecError
from streamrec.events.records import Inbound, place
from streamrec.processors.base import Outcome

log = structlog.get_logger(__name__)

LIMIT = 100
"""So many condemned records of one partition speak against the code, not against the records."""

Whose = TypeVar("Whose")
Work = Sequence[tuple[Whose, Sequence[Inbound]]]
"""Records of several partitions."""


class Piece(NamedTuple):
    """Records of one partition that were processed together, and what came of it; or one on which the processor raises, and the reason."""

    records: Sequence[Inbound]
    outcome: Outcome | BadEvent


class Quarantine:
    """Counts the records that made the processor of one partition raise."""

    def __init__(self) -> None:
        self._condemned = 0

    def condemn(self, record: Inbound, fault: Exception) -> Piece:
        """The record becomes a dead letter.

        Raises:
            Exception: the fault, when too many records have been condemned.
        """
        self._condemned += 1
        if self._condemned > LIMIT:
            raise fault
        log.error("a record on which the processor raises becomes a dead letter", **place(record))
        return Piece([record], BadEvent("failed", f"{type(fault).__name__} while the event was applied"))


def sift(
    work: Work[Whose], process: Callable[[Work[Whose]], Sequence[Outcome]], quarantine: Callable[[Whose], Quarantine]
) -> list[tuple[Whose, Piece]]:
    """Process records of several partitions; where that raises, each partition by itself, then each half of its records, and so on.

    `process` gives the outcome of each partition and must change nothing when it raises.

    Raises:
        StreamrecError: state or disk are at fault, not the records.
        Exception: what the processor raised, when too many records of a partition have been condemned.
    """
    try:
        return [(whose, Piece(records, outcome)) for (whose, records), outcome in zip(work, process(work), strict=True)]
    except StreamrecError:
        raise
    except Exception as fault:
        log.debug("a processor raised", records=sum(len(records) for _, records in work), exc_info=fault)
        if len(work) > 1:
            smaller: list[Work[Whose]] = [[one] for one in work]
        else:
            whose, records = work[0]
            if len(records) == 1:
                return [(whose, quarantine(whose).condemn(records[0], fault))]
            half = len(records) // 2
            smaller = [[(whose, records[:half])], [(whose, records[half:])]]
        return [found for part in smaller for found in sift(part, process, quarantine)]
