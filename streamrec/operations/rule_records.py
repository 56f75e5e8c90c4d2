"""The topic `rules` for commands: read the rules, put one into force, take one out."""

from __future__ import annotations

from collections.abc import Iterator

from kafka import KafkaConsumer, TopicPartition

from streamrec.errors import BadEvent, InputError
from streamrec.events.codec import decode, encode
from streamrec.events.types import Item, Room, Rule
from streamrec.kafka import topics
from streamrec.kafka.producers import send
from streamrec.kafka.reading import latest, reader
from streamrec.settings import Settings


def read_rules(settings: Settings) -> list[Rule]:
    """The rules in force, by id, without records that no worker can use.

    Raises:
        BrokerUnavailable, TopicMismatch: Kafka does not answer, or its topics are not those of the settings.
    """
    topics.require(topics.describe(settings), present=("rules",))
    with reader(settings) as consumer:
        rules = [rule for rule in _usable(consumer, settings, "rules") if isinstance(rule, Rule)]
    return sorted(rules, key=lambda rule: rule.rule_id)


def put_rule(settings: Settings, rule: Rule) -> list[str]:
    """Put a rule into force. Returns, once Kafka has it, what the rule names and nobody knows (yet), in words.

    Raises:
        BrokerUnavailable, TopicMismatch: as `read_rules`.
    """
    topics.require(topics.describe(settings), present=("rules", "items", "rooms"))
    unknown = _unknown(settings, rule)
    send(settings, "rules", rule.rule_id.encode(), encode(rule))
    return unknown


def remove_rule(settings: Settings, rule_id: str) -> None:
    """Take a rule out of force, even one that no worker can use. Returns once Kafka has it.

    Raises:
        InputError: there is no rule of that id.
        BrokerUnavailable, TopicMismatch: as `read_rules`.
    """
    topics.require(topics.describe(settings), present=("rules",))
    key = rule_id.encode()
    with reader(settings) as consumer:
        if key not in _latest(consumer, settings, "rules"):
            raise InputError(f"there is no rule {rule_id}, so nothing was removed; `streamrec rules ls` shows those there are")
    send(settings, "rules", key, None)


def _unknown(settings: Settings, rule: Rule) -> list[str]:
    with reader(settings) as consumer:
        rooms = [room for room in _usable(consumer, settings, "rooms") if isinstance(room, Room)]
        if rule.target == "host":
            known = any(room.host_id == rule.target_id for room in rooms)
        else:
            items = (item for item in _usable(consumer, settings, "items") if isinstance(item, Item))
            known = any(rule.target_id == (item.item_id if rule.target == "item" else item.category or item.brand) for item in items)
    unknown = [] if known else [f"no {rule.target} {rule.target_id}"]
    return unknown if rule.room_id in (None, *(room.room_id for room in rooms)) else [*unknown, f"no room {rule.room_id}"]


def _usable(consumer: KafkaConsumer, settings: Settings, name: str) -> Iterator[object]:
    """The newest events of a broadcast topic, without those that no worker can use."""
    for value in _latest(consumer, settings, name).values():
        try:
            yield decode(name, value)
        except BadEvent:
            continue


def _latest(consumer: KafkaConsumer, settings: Settings, name: str) -> dict[bytes, bytes]:
    return latest(consumer, TopicPartition(settings.topic(name), 0))
