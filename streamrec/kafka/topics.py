"""Topics in Kafka against the table of topics: create what is missing, describe what is there, refuse what does not fit."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaConnectionError, NoError, RequestTimedOutError, TopicAlreadyExistsError, for_code

from streamrec.errors import BrokerUnavailable, TopicMismatch
from streamrec.events.declaration import EVENT_BYTES, Topic
from streamrec.events.topics import CHANGELOG_BYTES, DEAD_LETTER_BYTES, ITEM_SOURCES, ROOM_SOURCES, TOPICS, USER_SOURCES
from streamrec.kafka import clients
from streamrec.kafka.admin import admin
from streamrec.settings import Settings
from streamrec.system.clock import DAY_MS

__all__ = [
    "CHANGELOG_BYTES",
    "DAY_MS",
    "DEAD_LETTER_BYTES",
    "EVENT_BYTES",
    "ITEM_SOURCES",
    "ROOM_SOURCES",
    "TOPICS",
    "USER_SOURCES",
    "Report",
    "StateTopics",
    "Topic",
    "create",
    "describe",
    "partitions_of",
    "require",
    "state_topics",
]

ONCE_RESERVED = frozenset({"transcripts"})
"""Topics that earlier versions made with one partition, and neither read nor wrote."""
_PAUSE_S = 0.2
"""Between two tries while a broker that another one names does not answer."""


@dataclass(frozen=True, slots=True)
class Report:
    """A topic as it is: `state` is "ok", "created", "missing" or "mismatch", and `problem` says what is wrong and what to do."""

    name: str
    topic: str
    key: str
    partitions: int
    cleanup: str
    state: str = "ok"
    problem: str = ""
    topic_id: str | None = None
    config: Mapping[str, str] = field(default_factory=dict)


class StateTopics(NamedTuple):
    """The topics of a family of state by their full names: those that change it, and the changelog that holds it."""

    sources: tuple[str, ...]
    changelog: str


def state_topics(settings: Settings) -> dict[str, StateTopics]:
    """Every family of state by its name, which is also that of its folder and of its producers."""
    sources = {"user": USER_SOURCES, "item": ITEM_SOURCES, "room": ROOM_SOURCES}
    return {name: StateTopics(tuple(map(settings.topic, topics)), settings.topic(f"{name}-changelog")) for name, topics in sources.items()}


def partitions_of(topic: Topic, settings: Settings) -> int:
    """How many partitions the topic must have."""
    return settings.partitions if topic.keyed else 1


def create(settings: Settings) -> list[Report]:
    """Create the topics that are missing; those that exist are left as they are.

    Raises:
        TopicMismatch: one of them exists with other partitions or another cleanup policy.
        BrokerUnavailable: no broker answers.
    """
    missing: set[str] = set()

    def make(client: KafkaAdminClient) -> list[Report]:
        before = _describe(client, settings)
        if _grow(client, settings, before):
            before = _describe(client, settings)
        require(before)
        missing.update(report.name for report in before if report.state == "missing")
        if missing:
            _create(client, settings, sorted(missing))
        return _describe(client, settings)

    after = _patiently(settings, make)
    require(after)
    return [replace(report, state="created") if report.name in missing else report for report in after]


def describe(settings: Settings) -> list[Report]:
    """How the topics are, without changing anything.

    Raises:
        BrokerUnavailable: no broker answers.
    """
    return _patiently(settings, lambda client: _describe(client, settings))


def _patiently(settings: Settings, work: Callable[[KafkaAdminClient], list[Report]]) -> list[Report]:
    deadline = time.monotonic() + settings.broker_patience_s
    while True:
        with admin(settings) as client:
            try:
                return work(client)
            except (KafkaConnectionError, RequestTimedOutError) as exc:
                # The one that answered knows of brokers that do not.
                if time.monotonic() >= deadline:
                    raise BrokerUnavailable(f"not all brokers of {settings.broker} answer ({exc}); see that they run") from exc
        time.sleep(_PAUSE_S)


def require(reports: list[Report], present: Collection[str] = ()) -> None:
    """Raise TopicMismatch when a topic is not as it must be; missing ones are passed over unless `present` names them."""
    problems: dict[str, list[str]] = {}
    for report in reports:
        if report.state == "mismatch" or (report.state == "missing" and report.name in present):
            problems.setdefault(report.problem, []).append(report.topic)
    if problems:
        raise TopicMismatch("; ".join(f"{', '.join(names)}: {problem}" for problem, names in problems.items()))


def _grow(client: KafkaAdminClient, settings: Settings, reports: Sequence[Report]) -> list[str]:
    """Give a topic that had one partition while it was reserved as many as it needs now that it is read; returns their full names.

    Nobody wrote to it then, so that no key can lie in the wrong partition.
    """
    small = [report.topic for report in reports if report.name in ONCE_RESERVED and report.state == "mismatch" and report.partitions == 1]
    if small:
        # That it has grown meanwhile is no error: another worker was quicker, and what it made is checked afterwards.
        client.create_partitions(dict.fromkeys(small, settings.partitions), raise_errors=False)
        client.wait_for_topics(small)
    return small


def _create(client: KafkaAdminClient, settings: Settings, names: Sequence[str]) -> None:
    wanted = {
        settings.topic(name): {
            "num_partitions": partitions_of(TOPICS[name], settings),
            "replication_factor": settings.replication_factor,
            "configs": {"cleanup.policy": TOPICS[name].cleanup, **clients.topic_config(settings), **TOPICS[name].config},
        }
        for name in names
    }
    # That a topic exists by now is no error: another worker was quicker, and what it made is checked afterwards.
    for answer in client.create_topics(wanted, raise_errors=False)["topics"]:
        error = for_code(answer["error_code"])
        if error not in (NoError, TopicAlreadyExistsError):
            raise TopicMismatch(
                f"topic {answer['name']} cannot be created ({error.__name__}: {answer.get('error_message') or 'no reason given'}): "
                "check the rights of this client, and --replication-factor and --min-insync-replicas against the number of brokers"
            )
    client.wait_for_topics(list(wanted))


def _describe(client: KafkaAdminClient, settings: Settings) -> list[Report]:
    names = {settings.topic(name): name for name in TOPICS}
    present: dict[str, Any] = {topic["name"]: topic for topic in client.describe_topics(list(names)) if not topic["error_code"]}
    resources = [ConfigResource(ConfigResourceType.TOPIC, full) for full in present]
    # All of them, not only those set on the topic: the broker's defaults limit it as well.
    configs = client.describe_configs(resources, config_filter="all")["topic"] if resources else {}
    keyed = {len(present[full]["partitions"]) for full, name in names.items() if full in present and TOPICS[name].keyed}
    return [
        _report(
            settings,
            name,
            present.get(full),
            {key: str(entry["value"]) for key, entry in configs.get(full, {}).items() if entry["value"] is not None},
            alike=len(keyed) == 1,
        )
        for full, name in names.items()
    ]


def _report(settings: Settings, name: str, described: Mapping[str, Any] | None, config: Mapping[str, str], *, alike: bool) -> Report:
    """`alike` says that all keyed topics have the same number of partitions, as they must."""
    topic, wanted = TOPICS[name], partitions_of(TOPICS[name], settings)
    if described is None:
        problem = "it is missing; run `streamrec topics create`"
        return Report(name, settings.topic(name), topic.key, wanted, topic.cleanup, "missing", problem)
    count, cleanup = len(described["partitions"]), config.get("cleanup.policy", topic.cleanup)
    least, most = int(topic.config.get("max.message.bytes", 0)), int(config.get("max.message.bytes", EVENT_BYTES))
    problem = ""
    if count != wanted:
        problem = f"{count} partitions instead of {wanted}; {_advice(topic, count, wanted, alike)}"
    elif cleanup != topic.cleanup:
        problem = f"cleanup.policy={cleanup} instead of {topic.cleanup}; set it with kafka-configs, or choose another STREAMREC_PREFIX"
    elif name.endswith("changelog") and most < least:
        problem = f"max.message.bytes={most}, but its records may have {least}; set that with kafka-configs"
    topic_id = str(described["topic_id"]) if described.get("topic_id") else None
    state = "mismatch" if problem else "ok"
    return Report(name, settings.topic(name), topic.key, count, cleanup, state, problem, topic_id, config)


def _advice(topic: Topic, count: int, wanted: int, alike: bool) -> str:
    if topic.keyed and alike:
        return f"all keyed topics have {count}: set STREAMREC_PARTITIONS={count}, or choose another STREAMREC_PREFIX"
    if count < wanted:
        return "add the missing ones with kafka-topics before anything is sent to it, or delete it and run `streamrec topics create`"
    return (
        "Kafka takes no partitions away, and with more of them keys belong to others than those where their state is: stop producers and "
        "workers, delete the topic, run `streamrec topics create` and `streamrec state repair`, and let the producers send again what "
        "was not read; or choose another STREAMREC_PREFIX"
    )
