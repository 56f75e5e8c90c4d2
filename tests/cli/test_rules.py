"""`streamrec rules` on real Kafka, without a worker."""

from __future__ import annotations

import re

import pytest
from kafka import KafkaProducer

from streamrec.events.codec import encode
from streamrec.events.types import Item, Room
from streamrec.settings import Settings
from tests.cli.conftest import Cli
from tests.engine.support import records

pytestmark = pytest.mark.kafka


@pytest.fixture
def shop(kafka: Settings) -> Settings:
    """A shop with an item that has a brand only, and one room."""
    with KafkaProducer(bootstrap_servers=kafka.broker) as producer:
        mug = Item(item_id="mug", title="Mug", price=1, currency="GBP", brand="Acme")
        gone = Item(item_id="gone", title="Gone", price=1, currency="GBP", category="Old")
        room = Room(room_id="tea", host_id="mei", status="live", shelf=["mug"], ts=1_700_000_000_000)  # type: ignore[arg-type]
        producer.send(kafka.topic("items"), key=b"mug", value=encode(mug))
        producer.send(kafka.topic("items"), key=b"gone", value=encode(gone))
        producer.send(kafka.topic("items"), key=b"gone", value=None)
        producer.send(kafka.topic("items"), key=b"odd", value=b"no item")
        producer.send(kafka.topic("rooms"), key=b"tea", value=encode(room))
        producer.send(kafka.topic("rules"), key=b"odd", value=b"no rule")
        producer.flush()
    return kafka


def flags(settings: Settings) -> list[str]:
    return ["--broker", settings.broker, "--prefix", settings.prefix]


def test_a_rule_about_nothing_known_is_put_and_says_so(cli: Cli, shop: Settings) -> None:
    for target, target_id in (("item", "mug"), ("category", "Acme"), ("host", "mei")):
        done = cli("rules", "put", "known", "boost", target, target_id, "--room", "tea", "--json", *flags(shop))
        assert (done.code, done.last["unknown"], "there is no" in done.err) == (0, [], False)
    for target, target_id in (("item", "mgu"), ("item", "gone"), ("category", "acme"), ("category", "Old"), ("host", "may")):
        done = cli("rules", "put", "later", "block", target, target_id, *flags(shop))
        assert done.code == 0
        assert f"there is no {target} {target_id}, so the rule waits until one comes" in done.err
        assert records(shop, "rules")[-1].key == b"later"
    done = cli("rules", "put", "elsewhere", "pin", "item", "mug", "--room", "tae", "--json", *flags(shop))
    assert (done.code, done.last["unknown"]) == (0, ["no room tae"])


def test_the_list_shows_from_when_until_when(cli: Cli, shop: Settings) -> None:
    cli("rules", "put", "short", "boost", "item", "mug", "--for", "2h", "--starts-in", "30m", *flags(shop))
    cli("rules", "put", "lasting", "block", "item", "mug", *flags(shop))
    shown = cli("rules", "ls", *flags(shop)).out
    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.search(rf"^short +to come +boost +item mug × 10 from {moment} until {moment}$", shown, re.MULTILINE)
    assert re.search(r"^lasting +in force +block +item mug$", shown, re.MULTILINE)


def test_removing_a_rule_that_is_not_there_is_told(cli: Cli, shop: Settings) -> None:
    cli("rules", "put", "r1", "block", "item", "mug", *flags(shop))
    before = len(records(shop, "rules"))
    done = cli("rules", "rm", "r2", *flags(shop))
    assert (done.code, done.err) == (1, "error: there is no rule r2, so nothing was removed; `streamrec rules ls` shows those there are\n")
    assert len(records(shop, "rules")) == before
    assert cli("rules", "rm", "r1", *flags(shop)).code == 0
    assert cli("rules", "rm", "r1", *flags(shop)).code == 1
    assert cli("rules", "rm", "odd", *flags(shop)).code == 0, "a record that is no rule can be taken away as well"
    assert cli("rules", "ls", *flags(shop)).out == "no rules\n"
