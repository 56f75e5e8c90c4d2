"""Bad records of the broadcast topics, until their dead letters are sent."""

from __future__ import annotations

from collections import deque
from hashlib import sha256
from typing import NamedTuple

from streamrec.contract.records import Inbound, Outbound, Record
from streamrec.errors import BadEvent
from streamrec.events.dead_letters import dead_letter
from streamrec.events.sizes import CUT, size_of
from streamrec.state.memory import Sent, UserMemory

WHOLE_BYTES = 8 << 20
"""Records are kept whole as long as they are no larger together; of the others the key, and length and digest of the value."""
MOST = 100_000
"""Most records that are remembered one by one, at some 500 bytes each; what comes after them is told in one letter for each topic."""
LETTERS_AT_ONCE = 2000
"""A tick sends so many: with WHOLE_BYTES for all of them it stays far below what the outbox lets wait."""
UNKNOWN_MS = 2**63
"""Later than every time: where it is not known how old the last record was, only offsets count."""


class Rejected(NamedTuple):
    """A record, or what is left of it; `cut` describes what was left out."""

    record: Inbound
    error: BadEvent
    cut: str = ""


class Rejects:
    """Every worker reads the broadcast topics and collects dead letters, but only the owner of user partition 0 sends them.

    The memory of that partition says which letters were sent. The other workers keep theirs, since the partition may come to them.
    """

    def __init__(self, dead_letters: str) -> None:
        """`dead_letters` is the full name of the topic."""
        self._dead_letters = dead_letters
        self._kept: deque[Rejected] = deque()
        self._whole_bytes = 0
        self._more: dict[tuple[str, int], Rejected] = {}
        self._counts: dict[tuple[str, int], int] = {}

    def __len__(self) -> int:
        """How many letters wait."""
        return len(self._kept) + len(self._more)

    def add(self, record: Inbound, error: BadEvent) -> None:
        """Keep a record that cannot be used, as far as there is room."""
        error = error.bare()  # a traceback would keep the frames that it went through, and all they hold
        if len(self._kept) >= MOST:
            self._count(record, error)
            return
        size = size_of(record.key, record.value, record.headers)
        if self._whole_bytes + size <= WHOLE_BYTES:
            self._whole_bytes += size
            self._kept.append(Rejected(record, error))
        else:
            self._kept.append(_remnant(record, error))

    def letters(self, memory: UserMemory, now_ms: int) -> list[Outbound]:
        """The next dead letters that the memory of partition 0 does not know as sent."""
        sent = memory.rejected
        leaving = [self._kept.popleft() for _ in range(min(LETTERS_AT_ONCE, len(self._kept)))]
        if not self._kept:
            leaving += self._more.values()
            self._more.clear()
            self._counts.clear()
            self._whole_bytes = 0
        letters = []
        for rejected in leaving:
            record = rejected.record
            place = f"{record.topic}-{record.partition}"
            offset, newest_ms = _last(sent.get(place))
            # A topic that was made again has the old offsets once more, but later times.
            if record.offset > offset or record.timestamp > newest_ms:
                sent[place] = Sent(record.offset, record.timestamp if newest_ms == UNKNOWN_MS else max(newest_ms, record.timestamp))
                letters.append(self._letter(rejected, now_ms))
        return letters

    def _letter(self, rejected: Rejected, now_ms: int) -> Outbound:
        letter = dead_letter(self._dead_letters, rejected.record, "catalogue", rejected.error, now_ms)
        if rejected.cut:
            letter = Outbound(letter.topic, letter.key, letter.value, [*letter.headers, (CUT, rejected.cut.encode())])
        return letter

    def _count(self, record: Inbound, error: BadEvent) -> None:
        place = record.topic, record.partition
        count = self._counts[place] = self._counts.get(place, 0) + 1
        first = self._more[place].record.timestamp if place in self._more else record.timestamp
        last = Record(record.topic, record.partition, record.offset, first, None, None, ())
        said = f"{count} records up to this offset, told in one letter because too many came; the last: {error}"
        self._more[place] = Rejected(last, BadEvent(error.reason, said), f"key: left out; value: {count} left out")


def _last(sent: Sent | int | None) -> Sent:
    """What was sent last. Versions before 0.2 kept no time: then only offsets are compared."""
    match sent:
        case None:
            return Sent(-1, -1)
        case int():
            return Sent(sent, UNKNOWN_MS)
    return sent


def _remnant(record: Inbound, error: BadEvent) -> Rejected:
    value = record.value or b""
    key = record.key if len(record.key or b"") <= 512 else None
    kept = Record(record.topic, record.partition, record.offset, record.timestamp, key, None, ())
    return Rejected(kept, error, f"value: {len(value)} bytes, sha256 {sha256(value).hexdigest()}")
