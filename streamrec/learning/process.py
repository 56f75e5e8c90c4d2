"""The learner's process: slates and feedback in, examples and versions of the weights out."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from aiokafka.errors import KafkaError

from streamrec.contract.records import place
from streamrec.errors import BadEvent, BrokerUnavailable
from streamrec.events.codec import check_route, decode, decode_internal
from streamrec.events.registry import SchemaAwaited, registry
from streamrec.events.types import Feedback
from streamrec.learning.examples import actions_of, decode_example
from streamrec.learning.inputs import Inputs
from streamrec.learning.join import Joiner
from streamrec.learning.log import LearnerLog, Written
from streamrec.learning.metrics import LearnerMetrics
from streamrec.learning.slates import decode_slate
from streamrec.learning.trainer import Trainer
from streamrec.learning.weights import STATE, LearnerState, Weights, decode_state, decode_weights
from streamrec.settings import Settings
from streamrec.system.clock import now_ms

logger = logging.getLogger(__name__)
COMMIT_S = 5.0
"""Offsets are committed this often, and only so that Kafka's tools show the lag: a learner that starts reads a day back in any case."""
MOST_AWAITING = 10_000
"""Feedback that waits for its schema. What comes beyond that is not learned from: memory is bounded, and no event is lost, for the worker
keeps its own."""


class LearnerProcess:
    """Joins and learns in one loop.

    It keeps nothing on disk: when it starts, it reads the state of the learners and the last day of examples, slates and feedback again,
    and writes only what is missing.
    """

    def __init__(self, settings: Settings, metrics: LearnerMetrics) -> None:
        self._settings, self._metrics = settings, metrics
        self._joiner = Joiner(int(1000 * settings.learn_settle_s), settings.learn_slates)
        self._trainers: dict[str, Trainer] = {}
        self._states: dict[str, LearnerState] = {}
        self._next: dict[int, int] = {}
        self._inputs = Inputs(settings, ["slates", "feedback"], f"{settings.app_id}-learner")
        self._weights = Inputs(settings, ["blend-weights"], whole=True)
        self._log = LearnerLog(settings)
        self._schemas = registry(settings)
        self._awaiting: list[Any] = []
        self._committed = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set."""
        try:
            # In this order: only once an older learner is fenced do its last examples and state stay the last ones.
            await self._log.open()
            await self._restore()
            await self._inputs.open()
            while not stop.is_set():
                await self._round()
        finally:
            for part in (self._inputs, self._weights, self._log):
                await part.close()

    async def _restore(self) -> None:
        await self._weights.open()
        latest: dict[str, Weights] = {}
        while not await self._weights.caught_up():
            for weights in self._of_weights(await self._weights.poll()):
                latest[weights.base] = weights
        for base, state in self._states.items():
            self._trainers[base] = Trainer(self._settings, base, state)
        for weights in latest.values():
            self._trainer(weights.base).adopt(weights)
        written = Inputs(self._settings, ["training-examples"])
        try:
            await written.open()
            while not await written.caught_up():
                for records in (await written.poll()).values():
                    for record in records:
                        self._remember(record)
            self._next = {place.partition: offset for place, offset in (await written.positions()).items()}
        finally:
            await written.close()

    def _remember(self, record: Any) -> None:
        """Take over an example that was written before this process began."""
        try:
            example = decode_example(record.value)
        except BadEvent as error:
            logger.warning("a training example cannot be used and is passed over: %s", error, extra=place(record))
            return
        self._joiner.restore(example.list_id, actions_of(example))
        self._teach([Written(example, record.partition, record.offset)])

    async def _round(self) -> None:
        counts: Counter[str] = Counter()
        for partition, records in (await self._inputs.poll()).items():
            take = self._slate if partition.topic == self._settings.topic("slates") else self._feedback
            for record in records:
                take(record, counts)
        awaiting, self._awaiting = self._awaiting, []
        for record in awaiting:
            self._feedback(record, counts)
        for weights in self._of_weights(await self._weights.poll(timeout_ms=0)):
            self._trainer(weights.base).adopt(weights)
        if examples := self._joiner.due(self._inputs.came()):
            written = await self._log.examples(examples)
            self._teach(written)
            self._next |= {record.partition: record.offset + 1 for record in written}
        for trainer in self._trainers.values():
            await self._judge(trainer)
        self._metrics.observe(counts + self._joiner.counts, len(self._joiner), await self._inputs.lag())
        self._joiner.counts.clear()
        self._metrics.ready.set(await self._inputs.caught_up())
        if time.monotonic() - self._committed > COMMIT_S:
            await self._inputs.commit()
            self._committed = time.monotonic()

    async def _judge(self, trainer: Trainer) -> None:
        judgement = trainer.judge(now_ms(), self._next)
        self._metrics.learned(trainer.base, trainer.counts)
        trainer.counts.clear()
        if judgement is None:
            return
        await self._log.judged(trainer.state(), judgement.weights)
        self._metrics.judged(trainer.base, judgement, trainer.served.theta)
        logger.info("a batch was judged: %s; served is %s; %s", judgement.outcome, trainer.served.version, judgement.metrics)

    def _teach(self, written: Iterable[Written]) -> None:
        for record in written:
            self._trainer(record.example.base).take(record.example, record.partition, record.offset)

    def _trainer(self, base: str) -> Trainer:
        trainer = self._trainers.get(base)
        if trainer is None:
            trainer = self._trainers[base] = Trainer(self._settings, base)
        return trainer

    def _of_weights(self, got: dict[Any, list[Any]]) -> list[Weights]:
        versions = []
        for record in (record for records in got.values() for record in records):
            if record.value is None:
                continue
            try:
                if (record.key or b"").startswith(STATE.encode()):
                    state = decode_internal(decode_state, record.value)
                    self._states[state.base] = state
                else:
                    versions.append(decode_internal(decode_weights, record.value))
            except BadEvent as error:
                logger.warning("a record of blend-weights cannot be used and is passed over: %s", error, extra=place(record))
        return versions

    def _slate(self, record: Any, counts: Counter[str]) -> None:
        try:
            slate = decode_slate(record.value)
        except BadEvent as error:
            logger.warning("a slate cannot be used and is passed over: %s", error, extra=place(record))
            counts["slate_unreadable"] += 1
        else:
            self._joiner.slate(slate, record.timestamp)

    def _feedback(self, record: Any, counts: Counter[str]) -> None:
        try:
            event = decode("feedback", record.value, record.headers, self._schemas)
            assert isinstance(event, Feedback)
            check_route(record.key, event.user_id, record.partition, self._settings.partitions)
        except SchemaAwaited:
            if len(self._awaiting) < MOST_AWAITING:
                self._awaiting.append(record)
            else:
                counts["feedback_unreadable"] += 1
        except BadEvent:
            # The worker makes it a dead letter.
            counts["feedback_unreadable"] += 1
        else:
            self._joiner.feedback(event, record.timestamp)


async def serve(settings: Settings, metrics: LearnerMetrics) -> None:
    """Run the learner until SIGTERM or SIGINT.

    Raises:
        LearnerReplaced: another learner has been started since.
        BrokerUnavailable: Kafka refused a request or was away for too long.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await LearnerProcess(settings, metrics).run(stop)
    except KafkaError as exc:
        raise BrokerUnavailable(f"Kafka: {exc!r}; see that the brokers are well and start the learner again, nothing is lost") from exc
