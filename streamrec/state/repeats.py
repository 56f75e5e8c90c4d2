"""Recognises an event id that the same user already sent.

An id is known while it is among the user's last 64 ids or younger than 24 hours; at most 1,024 are kept. They are packed
as 12 bytes each: 8 of a BLAKE2 hash and 4 of the event time in seconds, oldest arrival first.
"""

from __future__ import annotations

from hashlib import blake2b

SIZE = 12
LAST, MOST = 64, 1024
WINDOW_S = 86_400


def is_repeat(known: bytes, event_id: str) -> bool:
    """Whether the id is among the known ones."""
    digest = _digest(event_id)
    at = known.find(digest)
    while at >= 0:
        if at % SIZE == 0:
            return True
        at = known.find(digest, at + 1)
    return False


def remember(known: bytes, event_id: str, ts: int) -> bytes:
    """`known` with the id added and those forgotten that are both old and no longer among the last 64."""
    seconds = ts // 1000
    known += _digest(event_id) + seconds.to_bytes(4, "big")
    while len(known) > LAST * SIZE:
        oldest = int.from_bytes(known[SIZE - 4 : SIZE], "big")
        if len(known) <= MOST * SIZE and seconds - oldest < WINDOW_S:
            break
        known = known[SIZE:]
    return known


def _digest(event_id: str) -> bytes:
    return blake2b(event_id.encode(), digest_size=SIZE - 4).digest()
