"""The made-up shop: the same dice give the same shop, and what is made up says so."""

from __future__ import annotations

import itertools
from collections import Counter
from random import Random

import msgspec
import pytest

from streamrec.errors import BadEvent
from streamrec.events.codec import check_route, decode
from streamrec.events.files import read_items
from streamrec.events.partitioner import partition_of
from streamrec.events.types import Item
from streamrec.simulator import danmaku
from streamrec.simulator.messages import SIMULATED, Message
from streamrec.simulator.playback import SAMPLE_EVENTS, SAMPLE_ITEMS, event_messages, item_messages
from streamrec.simulator.script import live
from streamrec.simulator.shop import Shop
from streamrec.simulator.spoilt import KINDS, spoilt
from streamrec.system.clock import now_ms

NOW = 1_700_000_000_000
PARTITIONS = 8


@pytest.fixture(scope="module")
def sample() -> list[Item]:
    return read_items(SAMPLE_ITEMS)


def play(sample: list[Item], count: int, seed: int = 0, bad_share: float = 0.0) -> list[Message]:
    shop = Shop(sample, seed=seed)
    return shop.opening(NOW) + list(itertools.islice(live(shop, lambda: NOW, bad_share=bad_share), count))


def arrives(message: Message) -> object:
    """The event as a worker would read it, or the reason of its dead letter."""
    partition = 0 if message.key is None else partition_of(message.key, PARTITIONS)
    try:
        event = decode(message.topic, message.value)
        if message.topic not in ("items", "rooms"):
            check_route(message.key, event.user_id, partition, PARTITIONS)  # type: ignore[union-attr]
    except BadEvent as bad:
        return bad.reason
    return event


def test_the_same_seed_makes_the_same_shop_and_another_makes_another(sample: list[Item]) -> None:
    assert play(sample, 500, seed=7, bad_share=0.1) == play(sample, 500, seed=7, bad_share=0.1)
    assert play(sample, 500, seed=7) != play(sample, 500, seed=8)


def test_every_made_up_event_says_so_and_can_be_used(sample: list[Item]) -> None:
    messages = play(sample, 3000)
    assert {message.topic for message in messages} == {"rooms", "views", "danmaku", "purchases"}
    for message in messages:
        assert SIMULATED[0] in message.headers
        assert not isinstance(arrives(message), str), message
        if message.topic in ("views", "purchases"):
            assert msgspec.json.decode(message.value)["channel"] == "simulated"


def test_viewers_look_only_at_what_is_on_the_shelf_of_their_room(sample: list[Item]) -> None:
    shelves: dict[str, list[str]] = {}
    for message in play(sample, 3000):
        fields = msgspec.json.decode(message.value)
        if message.topic == "rooms":
            shelves[fields["room_id"]] = fields["shelf"]
            assert fields["on_air"] in fields["shelf"]
        elif "item_id" in fields:
            assert fields["item_id"] in shelves[fields["room_id"]]


def test_shelves_change_over_time(sample: list[Item]) -> None:
    rooms = [msgspec.json.decode(message.value) for message in play(sample, 3000) if message.topic == "rooms"]
    assert len({tuple(room["shelf"]) for room in rooms if room["room_id"] == "room-1"}) > 1


def test_danmaku_are_in_both_languages_and_name_items_in_the_words_of_their_titles() -> None:
    dice = Random(1)
    said = [danmaku.about(dice, language, "WHITE HANGING HEART", 3) for language in ("en", "zh") for _ in range(100)]
    assert any("hanging heart" in text or "white hanging" in text for text in said)
    assert any("number 3" in text for text in said)
    assert any("3号" in text for text in said)


def test_each_fault_of_a_spoilt_event_makes_a_dead_letter() -> None:
    dice = Random(2)
    reasons: dict[str | None, set[object]] = {}
    for _ in range(500):
        message = spoilt(dice, "viewer-1", "85123A", "room-1", now_ms())
        assert SIMULATED[0] in message.headers
        assert not message.trigger
        reasons.setdefault(message.spoilt, set()).add(arrives(message))
    assert reasons == {
        "cut_off": {"malformed"},
        "not_utf8": {"malformed"},
        "no_item": {"invalid"},
        "from_1970": {"time"},
        "from_2100": {"time"},
        "nan_price": {"malformed"},
        "no_key": {"missing_key"},
        "foreign_key": {"misrouted"},
        "long_danmaku": {"invalid"},
    }
    assert set(reasons) == set(KINDS)


def test_about_the_asked_share_is_spoilt(sample: list[Item]) -> None:
    count = sum(message.spoilt is not None for message in play(sample, 5000, bad_share=0.2))
    assert 850 < count < 1150


def test_real_purchases_come_in_their_order_and_none_are_made_up_beside_them(sample: list[Item]) -> None:
    shop = Shop(sample)
    real = list(itertools.islice(event_messages(SAMPLE_EVENTS, "keep", now_ms), 1000))
    played = itertools.islice(live(shop, lambda: NOW, purchases=iter(real)), 2000)
    bought = [message for message in played if message.topic == "purchases"]
    assert bought == real[: len(bought)]
    assert not any(SIMULATED[0] in message.headers for message in bought)


def test_after_the_last_real_purchase_viewers_buy(sample: list[Item]) -> None:
    played = itertools.islice(live(Shop(sample), lambda: NOW, purchases=iter(())), 2000)
    assert any(message.topic == "purchases" for message in played)


def test_a_shop_with_one_untranslated_item_still_opens() -> None:
    shop = Shop([Item(item_id="1", title="小熊", price=1.0, currency="CNY")], rooms=2, viewers=3)
    played = shop.opening(NOW) + list(itertools.islice(live(shop, lambda: NOW), 50))
    assert not any(isinstance(arrives(message), str) for message in played)


def test_all_items_and_events_of_the_sample_can_be_used() -> None:
    counts: Counter[str] = Counter()
    for message in itertools.chain(item_messages(SAMPLE_ITEMS), itertools.islice(event_messages(SAMPLE_EVENTS, "keep", now_ms), 5000)):
        assert not isinstance(arrives(message), str), message
        counts[message.topic] += 1
    assert counts == {"items": 3608, "purchases": 5000}
