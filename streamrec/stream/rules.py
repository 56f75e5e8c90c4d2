"""The topic `rules` as commands use it."""

from __future__ import annotations

from kafka import TopicPartition

from streamrec.errors import BadEvent
from streamrec.events.codec import decode, encode
from streamrec.events.types import Rule
from streamrec.settings import Settings
from streamrec.stream import topics
from streamrec.stream.sending import send
from streamrec.stream.survey import reader, whole


def read_rules(settings: Settings) -> list[Rule]:
    """The rules as they stand, by id; what no worker can use is passed over.

    Raises:
        BrokerUnavailable, TopicMismatch: Kafka does not answer, or its topics are not those of the settings.
    """
    topics.require(topics.describe(settings), present=("rules",))
    found: dict[bytes, Rule] = {}
    place = TopicPartition(settings.topic("rules"), 0)
    with reader(settings) as consumer:
        for record in whole(consumer, place):
            if record.value is None:
                found.pop(record.key, None)
                continue
            try:
                rule = decode("rules", record.value)
            except BadEvent:
                continue
            assert isinstance(rule, Rule)
            found[record.key] = rule
    return sorted(found.values(), key=lambda rule: rule.rule_id)


def write_rule(settings: Settings, rule_id: str, rule: Rule | None) -> None:
    """Put a rule into force, or take it out; returns once Kafka has it.

    Raises:
        BrokerUnavailable, TopicMismatch: as `read_rules`.
    """
    topics.require(topics.describe(settings), present=("rules",))
    send(settings, "rules", rule_id.encode(), encode(rule) if rule is not None else None)
