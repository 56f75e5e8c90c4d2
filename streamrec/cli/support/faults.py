"""Errors that Kafka's clients raise in the middle of a command become errors of streamrec."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streamrec.errors import BrokerUnavailable


@contextmanager
def kafka_faults(broker: str) -> Iterator[None]:
    """Turn the errors of kafka-python and aiokafka into BrokerUnavailable; a broker can stand still or refuse at any moment."""
    try:
        yield
    except Exception as exc:
        # Imported when something fails: most commands never need Kafka, and loading both clients takes longer than --help may.
        from aiokafka.errors import KafkaError as OfWorkers
        from kafka.errors import KafkaError as OfTools

        if not isinstance(exc, OfTools | OfWorkers):
            raise
        name = type(exc).__name__
        why = str(exc) if name in str(exc) else f"{name}: {exc}"
        raise BrokerUnavailable(
            f"Kafka at {broker} did not answer, or refused, while the command ran ({why}); "
            "see that the brokers are well and what this client may do there, then run the command again"
        ) from exc
