"""The topics of one run: made before it, deleted after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import CoordinatorNotAvailableError

from benchmarks.stream.traffic import PARTITIONS
from streamrec.kafka.topics import EVENT_BYTES

EVENTS = {"max.message.bytes": str(EVENT_BYTES)}
COMPACT = {"cleanup.policy": "compact"}


@contextmanager
def admin(broker: str) -> Iterator[KafkaAdminClient]:
    """An admin client."""
    client = KafkaAdminClient(bootstrap_servers=broker)
    try:
        yield client
    finally:
        client.close()


def create(broker: str, plain: Sequence[str], compacted: Sequence[str]) -> None:
    """Create topics."""
    wanted = {name: {"num_partitions": PARTITIONS, "replication_factor": 1, "configs": EVENTS} for name in plain}
    wanted |= {name: {"num_partitions": PARTITIONS, "replication_factor": 1, "configs": COMPACT} for name in compacted}
    with admin(broker) as client:
        client.create_topics(wanted)
        client.wait_for_topics(list(wanted))


def await_leaders(broker: str, names: Sequence[str]) -> None:
    """Wait until all partitions can be written to."""
    for name in names:
        ends = Ends(broker, name)
        ends.total()
        ends.close()


def remove(broker: str, run: str) -> None:
    """Delete all topics whose names hold the name of the run."""
    with admin(broker) as client:
        client.delete_topics([name for name in client.list_topics() if run in name], raise_errors=False)


def members(broker: str, group: str) -> int:
    """How many members a consumer group has while it is stable; 0 while it is not."""
    with admin(broker) as client:
        try:
            found = client.describe_groups([group])[group]
        except CoordinatorNotAvailableError:
            return 0  # the broker has had no group so far
        return len(found["members"]) if found["group_state"] == "Stable" else 0


class Ends:
    """Follows how many records a topic holds."""

    def __init__(self, broker: str, topic: str) -> None:
        self._places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        self._consumer = KafkaConsumer(bootstrap_servers=broker, enable_auto_commit=False)

    def total(self) -> int:
        """Records, and control records of transactions, written so far."""
        return sum(self._consumer.end_offsets(self._places).values())

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()
