"""Makes sure that the topics are still those that the worker began with: one made again has other events at the same offsets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import structlog
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from streamrec.errors import StateMismatch, TopicMismatch
from streamrec.kafka import clients
from streamrec.kafka.topics import Report
from streamrec.settings import Settings
from streamrec.system.core import off_loop

log = structlog.get_logger(__name__)

LOOK_S = 1.0
"""Between two looks when no checkpoint asks for one: a topic made again under an idle worker is noticed within this time."""
PAUSE_S = 0.2
"""Least time between two looks, each of which takes some 2 ms of a core: the checkpoints of many partitions share one."""
MISSING_S = 10.0
"""For so long a missing topic is no fault: a broker that has just started may not know all topics yet."""
BOOTSTRAP_MS, REQUEST_MS = 5000, 5000
"""A broker that dies amid a request must not keep the next look waiting for half a minute, as kafka-python's defaults would."""


class TopicIdentity:
    """Looks at the topics again and again, and lets checkpoints wait until a look has shown that what they cover is of these topics.

    Fetches name topics by their names: when one is deleted and made again under a running worker, the next fetch may bring events of
    the new topic from the position in the old one, as if those before had been read. Lists of such events may leave, but none is
    ever counted: a checkpoint is committed only after a look that began after its events had been fetched.
    """

    def __init__(self, settings: Settings, reports: Iterable[Report], state: Collection[str], broadcast: Collection[str]) -> None:
        """`reports` tell how the topics were at the start; the state rests on `state`, the catalogue on `broadcast` (full names)."""
        self._settings = settings
        self._known = {report.topic: (report.topic_id, report.partitions) for report in reports if report.state != "missing"}
        self._state, self._broadcast = frozenset(state), frozenset(broadcast)
        self._waiters: list[asyncio.Future[None]] = []
        self._asked = asyncio.Event()
        self._missing: dict[str, float] = {}
        self._client: KafkaAdminClient | None = None

    async def confirm(self) -> None:
        """Return once a look that began after this call has found every topic unchanged."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._asked.set()
        await waiter

    async def run(self) -> None:
        """Look until cancelled.

        Raises:
            StateMismatch: a topic was deleted, or made again.
            TopicMismatch: a topic has other partitions than before.
        """
        try:
            while True:
                try:
                    async with asyncio.timeout(LOOK_S):
                        await self._asked.wait()
                except TimeoutError:
                    pass
                self._asked.clear()
                waiters, self._waiters = self._waiters, []
                if await off_loop(self._look):
                    for waiter in waiters:
                        if not waiter.done():
                            waiter.set_result(None)
                else:
                    # Kafka is away: the checkpoints go on waiting, and `stall_timeout_s` ends that.
                    self._waiters += waiters
                    self._asked.set()
                await asyncio.sleep(PAUSE_S)
        finally:
            if self._client is not None:
                await off_loop(self._client.close)

    def _look(self) -> bool:
        """Whether all topics were seen, and are as they were."""
        try:
            if self._client is None:
                self._client = KafkaAdminClient(
                    bootstrap_timeout_ms=BOOTSTRAP_MS, request_timeout_ms=REQUEST_MS, **clients.kafka_python(self._settings)
                )
            answers = self._client.describe_topics(list(self._known))
        # Kafka is away, or a broker of it is: whether the worker goes on without it is decided elsewhere.
        except (KafkaError, OSError) as exc:
            log.debug("the topics cannot be looked at", reason=repr(exc))
            self._drop_client()
            return False
        return self._judge({topic["name"]: topic for topic in answers if not topic["error_code"]})

    def _drop_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _judge(self, described: Mapping[str, Any]) -> bool:
        for topic, (topic_id, partitions) in self._known.items():
            if topic not in described:
                self._require_soon(topic)
                continue
            self._missing.pop(topic, None)
            now_id = str(described[topic]["topic_id"]) if described[topic].get("topic_id") else None
            # Brokers before Kafka 2.8 give topics no ids: there a topic that was made again cannot be told from the old one.
            if topic_id is not None and now_id != topic_id:
                self._replaced(topic, now_id)
            if (count := len(described[topic]["partitions"])) != partitions:
                raise TopicMismatch(
                    f"{topic} has {count} partitions now, it had {partitions}: keys belong to other partitions than those in which their "
                    "state is. Nothing that came since was saved; stop the producers, and see what `streamrec topics describe` advises"
                )
        return not self._missing

    def _require_soon(self, topic: str) -> None:
        since = self._missing.setdefault(topic, time.monotonic())
        if time.monotonic() - since > MISSING_S:
            raise StateMismatch(f"{topic} was deleted under the running worker: {self._advice(topic)}")

    def _replaced(self, topic: str, now_id: str | None) -> None:
        if topic in self._state or topic in self._broadcast:
            raise StateMismatch(f"{topic} was deleted and made again under the running worker: {self._advice(topic)}")
        log.warning("a topic was deleted and made again; the worker goes on with the new one", topic=topic)
        self._known[topic] = now_id, self._known[topic][1]

    def _advice(self, topic: str) -> str:
        if topic in self._broadcast:
            return "start the worker again, it reads the topic anew"
        return "nothing of the new one was saved; give back the old topic, or stop all workers and run `streamrec state repair`"
