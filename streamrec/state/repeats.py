"""Recognises an event id that the same user already sent.

An id is remembered while it is among the user's last 64 or younger than 24 hours; at most 1,024 are kept. Each takes 12 bytes:
8 of a BLAKE2 hash and 4 of the event time in seconds, in order of arrival.
"""

from __future__ import annotations

from hashlib import blake2b

# Eight bytes of hash: among a user's 1,024 ids, a new one is taken for a repeat once in 10^16 events.
SIZE = 12
# A producer that sends again does so at once or after an outage, hence a day; 12 KiB bound the row of a user whose events never end.
LAST, MOST = 64, 1024
WINDOW_S = 86_400


def is_repeat(known: bytes, event_id: str) -> bool:
    """Whether the id is among the `known` ones."""
    digest = _digest(event_id)
    at = known.find(digest)
    while at >= 0:
        # A hash that begins within an entry is made of bytes of its neighbours.
        if at % SIZE == 0:
            return True
        at = known.find(digest, at + 1)
    return False


def remember(known: bytes, event_id: str, ts: int) -> bytes:
    """`known` with the id added, without those that are both old and no longer among the last 64."""
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
