"""How the worker ends: one line for the operator and a code of its own for every kind of fault."""

from __future__ import annotations

from aiokafka.errors import KafkaError, OffsetOutOfRangeError, ProducerFenced, UnsupportedCodecError

from streamrec.engine.store.disk import disk_full
from streamrec.errors import Stalled, StateMismatch, StreamrecError, TopicMismatch

FAULT, STATE, STALLED, FENCED, DISK_FULL, KAFKA = 3, 4, 5, 6, 7, 8

CODES = {
    FAULT: "an unforeseen fault, such as a processor that raised",
    STATE: "disk, changelog and sources do not belong together (StateMismatch), or a topic is not what it was (TopicMismatch)",
    STALLED: "progress stood still (Stalled)",
    FENCED: "another worker has taken over a partition",
    DISK_FULL: "the data folder's disk is full",
    KAFKA: "Kafka refused a request or was away for too long",
}
"""The worker's exit codes beyond 0 (stopped), 1 (could not start), 2 (wrong usage) and 130 (interrupted twice)."""


def explain(exc: BaseException, folder: str) -> tuple[int, str]:
    """The exit code for a fault, and what the operator should know and do.

    The order matters: StateMismatch and Stalled are StreamrecErrors, ProducerFenced and OffsetOutOfRangeError are KafkaErrors, and the
    particular advice goes before the general one.
    """
    if isinstance(exc, StateMismatch | TopicMismatch):
        return STATE, str(exc)
    if isinstance(exc, Stalled):
        return STALLED, str(exc)
    if disk_full(exc):
        return DISK_FULL, f"the disk of {folder} is full: make room and start the worker again; nothing is lost"
    if isinstance(exc, ProducerFenced):
        return FENCED, "another worker has taken over a partition, after this one was silent for too long; start it again, nothing is lost"
    if isinstance(exc, OffsetOutOfRangeError):
        return STATE, (
            f"events that were not read yet are gone ({exc}): their topic was made again, or its retention is too short; "
            "stop all workers and run `streamrec state repair`"
        )
    if isinstance(exc, UnsupportedCodecError):
        return FAULT, f"events come compressed in a way that cannot be read here ({exc}): install the codecs with `pip install cramjam`"
    if isinstance(exc, KafkaError):
        cause = f" ({exc.__cause__!r})" if exc.__cause__ else ""
        return (
            KAFKA,
            f"Kafka: {type(exc).__name__}: {exc}{cause}; see that the brokers are well and start the worker again, nothing is lost",
        )
    if isinstance(exc, StreamrecError):
        return FAULT, str(exc)
    return FAULT, f"{type(exc).__name__}: {exc}; the worker ends, and what it had not saved is read again at the next start"
