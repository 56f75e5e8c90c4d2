"""What the memory benchmark sends is what producers may send."""

from __future__ import annotations

import itertools
import json

import pytest

from benchmarks.memory import items, rooms, rules, updates, views
from streamrec.events.codec import decode
from streamrec.events.types import Rule

EXPIRED = 1_700_000_000_000


@pytest.mark.parametrize("wires", [items(), views(9), views(9, "invented"), updates(2), rooms(9), rules(9, EXPIRED), rules(9, None)])
def test_every_record_is_valid_and_has_its_key(wires: object) -> None:
    for topic, key, fields in itertools.islice(wires, 9):  # type: ignore[call-overload]
        event = decode(topic, json.dumps(fields).encode(), ())
        assert key == getattr(event, {"items": "item_id", "views": "user_id", "rooms": "room_id", "rules": "rule_id"}[topic])


def test_expired_and_lasting_rules_are_rules_of_their_own() -> None:
    made = [decode(topic, json.dumps(fields).encode(), ()) for topic, _, fields in [*rules(9, EXPIRED), *rules(9, None)]]
    assert len({each.rule_id for each in made if isinstance(each, Rule)}) == 18
