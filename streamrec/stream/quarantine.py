"""Quarantine: finds the record on which a processor raises, so that it costs one dead letter and not the stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

from streamrec.errors import BadEvent, StreamrecError
from streamrec.events.records import Inbound, place
from streamrec.processors.base import Outcome

log = structlog.get_logger(__name__)

LIMIT = 100
"""So many condemned records of one partition speak against the code, not against the records."""


class Piece(NamedTuple):
    """Records that were processed together, and what came of it; or one on which the processor raises, and the reason."""

    records: Sequence[Inbound]
    outcome: Outcome | BadEvent


class Quarantine:
    """Counts the records that made the processor of one partition raise."""

    def __init__(self) -> None:
        self._condemned = 0

    def sift(self, process: Callable[[Sequence[Inbound]], Outcome], records: Sequence[Inbound]) -> list[Piece]:
        """Process records; where that raises, each half of them by itself, and so on. `process` must change nothing when it raises.

        Raises:
            StreamrecError: state or disk are at fault, not the records.
            Exception: what the processor raised, when too many records have been condemned.
        """
        try:
            return [Piece(records, process(records))]
        except StreamrecError:
            raise
        except Exception as fault:
            log.debug("a processor raised", records=len(records), exc_info=fault)
            if len(records) > 1:
                half = len(records) // 2
                return self.sift(process, records[:half]) + self.sift(process, records[half:])
            self._condemned += 1
            if self._condemned > LIMIT:
                raise
            log.error("a record on which the processor raises becomes a dead letter", **place(records[0]))
            return [Piece(records, BadEvent("failed", f"{type(fault).__name__} while the event was applied"))]
