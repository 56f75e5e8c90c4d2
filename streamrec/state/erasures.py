"""Remembers who was erased, by a hash of the id, so that older events do not bring the person back."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from streamrec.contract.rows import Rows
from streamrec.state.packing import UserState
from streamrec.state.user import ERASED_PREFIX, SECRET_KEY, ErasedUser, ErasureSecret, erased_key

UserRows = Rows[UserState]

SECRET_BYTES = 16
"""Nobody can try all secrets; ids, of which there are few, could be tried without one."""
SWEEP_MS, SWEPT_AT_ONCE = 3_600_000, 1000
"""Every hour the marks of a partition are looked through, so many in a tick. They are kept for days: an hour more is no matter, and a
tick holds up the lists."""


def find(get: Callable[[bytes], UserState | None], user_id: str) -> ErasedUser | None:
    """The mark of a user's last erasure, in rows that `get` reads."""
    secret = get(SECRET_KEY)
    mark = get(erased_key(user_id, secret.secret)) if isinstance(secret, ErasureSecret) else None
    mark = mark or get(erased_key(user_id))  # as versions before 0.2 wrote it
    return mark if isinstance(mark, ErasedUser) else None


def remember(rows: UserRows, user_id: str, mark: ErasedUser) -> None:
    """Keep the mark of an erasure in place of an earlier one."""
    secret = rows.get(SECRET_KEY)
    if not isinstance(secret, ErasureSecret):
        secret = ErasureSecret(secrets.token_bytes(SECRET_BYTES))
        rows.put(SECRET_KEY, secret)
    if rows.get(erased_key(user_id)) is not None:
        rows.delete(erased_key(user_id))
    rows.put(erased_key(user_id, secret.secret), mark)


class Sweep:
    """Deletes the marks of one partition that are older than any event that may still come."""

    def __init__(self, kept_ms: int) -> None:
        self._kept_ms = kept_ms
        self._next_ms, self._after = 0, ERASED_PREFIX

    def due(self, now_ms: int) -> bool:
        """Whether it is time to look on."""
        return now_ms >= self._next_ms

    def run(self, rows: UserRows, now_ms: int) -> int:
        """Look through the next marks; returns how many were deleted."""
        keys = rows.scan(ERASED_PREFIX, self._after, SWEPT_AT_ONCE)
        old = [key for key in keys if isinstance(mark := rows.get(key), ErasedUser) and mark.ts < now_ms - self._kept_ms]
        for key in old:
            rows.delete(key)
        if len(keys) == SWEPT_AT_ONCE:
            self._after = keys[-1]
        else:
            self._next_ms, self._after = now_ms + SWEEP_MS, ERASED_PREFIX
        return len(old)
