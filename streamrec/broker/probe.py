"""Whether a broker is there: whether it answers, and whether its process holds a lock."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from streamrec.broker.ports import HOST, listens

ANSWER_MS = 5000
"""After this silence a broker does not answer: its process may have been stopped (SIGSTOP)."""


def answers(port: int) -> bool:
    """Whether a broker accepts connections there and answers requests."""
    if not listens(port):
        return False
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    quiet = logging.getLogger("kafka")
    level = quiet.level
    quiet.setLevel(logging.CRITICAL)
    try:
        client = KafkaAdminClient(bootstrap_servers=f"{HOST}:{port}", request_timeout_ms=ANSWER_MS, bootstrap_timeout_ms=ANSWER_MS)
        try:
            described: dict[str, Any] = client.describe_cluster()
            return bool(described["brokers"])
        finally:
            client.close()
    except KafkaError:
        return False
    finally:
        quiet.setLevel(level)


@contextlib.contextmanager
def locked(path: Path, kind: int) -> Iterator[int | None]:
    """The file, locked, or None when another process (or a broker that inherited the descriptor) holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield handle
    finally:
        # Closing, not unlocking: a broker that inherited the descriptor keeps the lock.
        os.close(handle)
