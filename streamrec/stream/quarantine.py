"""Quarantine: finds the record on which a processor raises, so that it costs one dead letter and not the stream."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

from streamrec.errors import BadEvent
from streamrec.events.records import Inbound
from streamrec.stream.guard import Batch

PARTS = 16
WARY_S = 30.0
LIMIT = 100
"""So many condemned records of one partition speak against the code, not against the records."""


class Quarantine:
    """What is known of the records that made the processor of one partition raise.

    After each fault the partition goes back to its last checkpoint and takes the suspicious stretch of the topic in
    smaller pieces. A record that fails alone is condemned: when it comes again it becomes a dead letter.
    """

    def __init__(self) -> None:
        self._stretches: dict[str, tuple[int, int]] = {}
        self._condemned: dict[tuple[str, int], BadEvent] = {}
        self._blamed = float("-inf")

    @property
    def wary(self) -> bool:
        """Whether there was a fault not long ago: then each piece is worth a checkpoint, so that the next fault takes back little."""
        return time.monotonic() - self._blamed < WARY_S

    def pieces(self, batch: Batch) -> Iterator[Batch]:
        """The batch, cut into pieces as small as needed where it touches a suspicious stretch."""
        end, size = self._stretches.get(batch.topic, (0, 0))
        if batch.start >= end:
            self._stretches.pop(batch.topic, None)
            size = len(batch.records) or 1
        borders = [batch.start, *(record.offset for record in batch.records[size::size]), batch.end]
        for number, (start, stop) in enumerate(pairwise(borders)):
            yield batch._replace(start=start, end=stop, records=batch.records[number * size : (number + 1) * size])

    def sort(self, records: Sequence[Inbound]) -> tuple[Sequence[Inbound], list[tuple[Inbound, BadEvent]]]:
        """Records to be processed, and condemned ones with the reason."""
        if not self._condemned:
            return records, []
        bad = [(record, reason) for record in records if (reason := self._condemned.get((record.topic, record.offset)))]
        return [record for record in records if (record.topic, record.offset) not in self._condemned] if bad else records, bad

    def blame(self, piece: Batch, tried: Sequence[Inbound], fault: Exception) -> None:
        """The processor raised `fault` on the records `tried` of a piece.

        Raises:
            Exception: the fault itself, when too many records have been condemned.
        """
        self._blamed = time.monotonic()
        if len(tried) == 1:
            reason = BadEvent("failed", f"{type(fault).__name__} while the event was applied")
            self._condemned[tried[0].topic, tried[0].offset] = reason
            if len(self._condemned) > LIMIT:
                raise fault
        end, _ = self._stretches.get(piece.topic, (0, 0))
        self._stretches[piece.topic] = max(end, piece.end), max(1, len(tried) // PARTS)
