import subprocess
import sys

import aiokafka.partitioner
import kafka.partitioner
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.events.partitioner import murmur2, partition_of

JAVA = {  # org.apache.kafka.common.utils.UtilsTest
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("key", "signed"), JAVA.items())
def test_the_hash_is_the_one_of_the_java_client(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed % 2**32


class Cluster:
    """As much of kafka-python's cluster metadata as its partitioner asks for."""

    def __init__(self, partitions: int) -> None:
        self.partitions = set(range(partitions))

    def topics(self) -> set[str]:
        return {"views"}

    def partitions_for_topic(self, topic: str) -> set[int]:
        return self.partitions

    available_partitions_for_topic = partitions_for_topic


@given(st.binary(max_size=200), st.integers(1, 500))
def test_keys_lie_where_kafka_python_and_aiokafka_put_them(key: bytes, partitions: int) -> None:
    by_kafka_python = kafka.partitioner.DefaultPartitioner().partition("views", None, key, None, None, Cluster(partitions))
    by_aiokafka = aiokafka.partitioner.DefaultPartitioner()(key, list(range(partitions)), [])
    assert partition_of(key, partitions) == by_kafka_python == by_aiokafka


def test_events_know_neither_faust_nor_a_kafka_client() -> None:
    code = (
        "import sys, streamrec.events.codec, streamrec.events.dead_letters, streamrec.events.schemas\n"
        "print({'faust', 'mode', 'aiokafka', 'kafka', 'onnxruntime'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
