"""The cluster of three brokers that the fault harness kills one by one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks.faults.cluster import Cluster

pytestmark = pytest.mark.kafka


async def create_topic(cluster: Cluster, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 3)])
    await admin.close()


async def produce_over_the_end_of_the_leader(cluster: Cluster) -> int:
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, acks="all") as producer:
        await producer.send_and_wait("events", b"before", partition=0)
        leader = await asyncio.to_thread(cluster.leader_of, "events", 0)
        cluster.kill(leader)
        await producer.send_and_wait("events", b"after", partition=0)
    return leader


async def read_as_group(cluster: Cluster) -> list[bytes | None]:
    consumer = AIOKafkaConsumer("events", bootstrap_servers=cluster.bootstrap, group_id="readers", auto_offset_reset="earliest")
    async with consumer:
        return [(await consumer.getone()).value for _ in range(2)]


def test_a_producer_that_asks_for_all_replicas_goes_on_when_the_leader_is_killed(tmp_path: Path) -> None:
    with Cluster(tmp_path) as cluster:
        asyncio.run(create_topic(cluster, "events"))
        killed = asyncio.run(produce_over_the_end_of_the_leader(cluster))
        assert cluster.leader_of("events", 0) != killed
        assert not cluster.nodes[killed - 1].alive
        cluster.start(killed)
        assert asyncio.run(read_as_group(cluster)) == [b"before", b"after"]
        assert cluster.coordinator_of("readers") in (1, 2, 3)
    assert not any(node.alive for node in cluster.nodes)
