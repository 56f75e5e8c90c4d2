"""The users of a partition whose triggers wait for a list: for their own minimum interval, or because the partition is late."""

from __future__ import annotations

from itertools import islice, takewhile

from streamrec.contract.records import Inbound
from streamrec.settings import Settings
from streamrec.state.memory import Late, UserMemory
from streamrec.state.user import WAITING, UserRow

LATE_MS, LATE_RECORDS = 2_000, 64
"""A partition is late if its records are older than this while more than that many wait behind them. Each of its users then waits
between two lists for as long as the partition is late: one list covers the triggers of a longer span, so the lag stops growing. Age
alone may come from a producer's wrong clock."""
LATE_UNTIL_MS = 2_000
"""This long after its last late batch a partition counts as caught up, and those who waited get their lists. Shorter, and one small batch
amid a long lag would end it; longer, and users would wait though nothing else does."""
WAITING_USERS, WAITING_BYTES = 10_000, 1 << 20
"""No more users of a partition wait at once: they are saved in its mark, which is one record of at most 4 MiB, and ids may be long.
Whoever does not fit in gets the list at once."""
ENTRY_BYTES = 16
"""At most what a user takes in the mark beside the id: a time of nine bytes, and the id's length."""


class Waiting:
    """The waiting users of a partition in the order in which they began to wait; its memory holds them."""

    def __init__(self, memory: UserMemory, settings: Settings) -> None:
        self._memory, self._settings = memory, settings
        self._late_ms = 0
        self._bytes = sum(map(_size, memory.waiting))

    def look(self, record: Inbound, lag: int, now_ms: int) -> None:
        """See whether the partition is late: `record` is the oldest of those that are about to be applied, `lag` more wait behind them."""
        late_ms = now_ms - record.timestamp
        if self._settings.coalesce and late_ms > LATE_MS and lag > LATE_RECORDS:
            self._late_ms = late_ms
            self._memory.late = Late(late_ms, now_ms + LATE_UNTIL_MS)

    def must(self, user_id: str, ts: float, row: UserRow) -> bool:
        """Whether a user with a trigger at `ts` has to wait."""
        span_ms = max(self._settings.min_interval_ms, self._late_ms)
        # A row has room for `WAITING` triggers: with the next one it would forget which ones its list covers.
        if not span_ms or ts - row.listed_ts >= span_ms or len(row.waiting) >= WAITING:
            return False
        waiting = self._memory.waiting
        return user_id in waiting or (len(waiting) < WAITING_USERS and self._bytes + _size(user_id) <= WAITING_BYTES)

    def add(self, user_id: str, now_ms: int) -> None:
        """Let the user wait, unless they already do."""
        if user_id not in self._memory.waiting:
            self._memory.waiting[user_id] = now_ms + self._settings.min_interval_ms
            self._bytes += _size(user_id)

    def due(self, now_ms: int, most: int) -> list[str]:
        """The users who have waited long enough, `most` at most."""
        late = self._memory.late
        due_ms = now_ms - late.span_ms if now_ms < late.until_ms else now_ms
        waiting = self._memory.waiting
        # In the order of their times, all of one interval: the first who is not due ends the look.
        return list(islice(takewhile(lambda user_id: waiting[user_id] <= due_ms, waiting), most))

    def end(self, user_id: str) -> bool:
        """Stop waiting for the user; returns whether they waited."""
        if self._memory.waiting.pop(user_id, None) is None:
            return False
        self._bytes -= _size(user_id)
        return True


def _size(user_id: str) -> int:
    return len(user_id.encode()) + ENTRY_BYTES
