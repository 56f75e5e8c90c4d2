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
from streamrec.simulator.messages import SIMULATED, Message
from streamrec.simulator.playback import SAMPLE_EVENTS, SAMPLE_ITEMS, SHOP_ZH, event_messages, item_messages
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
        if message.topic not in ("items", "rooms", "transcripts"):
            check_route(message.key, event.user_id, partition, PARTITIONS)  # type: ignore[union-attr]
    except BadEvent as bad:
        return bad.reason
    return event


def test_the_same_seed_makes_the_same_shop_and_another_makes_another(sample: list[Item]) -> None:
    assert play(sample, 500, seed=7, bad_share=0.1) == play(sample, 500, seed=7, bad_share=0.1)
    assert play(sample, 500, seed=7) != play(sample, 500, seed=8)


def test_every_made_up_event_says_so_and_can_be_used(sample: list[Item]) -> None:
    messages = play(sample, 3000)
    assert {message.topic for message in messages} == {"rooms", "views", "danmaku", "purchases", "transcripts"}
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
            assert fields.get("on_air") in [None, *fields["shelf"]]
        elif "item_id" in fields:
            assert fields["item_id"] in shelves[fields["room_id"]]


def test_shelves_change_over_time(sample: list[Item]) -> None:
    rooms = [msgspec.json.decode(message.value) for message in play(sample, 3000) if message.topic == "rooms"]
    assert len({tuple(room["shelf"]) for room in rooms if room["room_id"] == "room-1"}) > 1


def test_half_of_the_rooms_of_each_language_tell_what_is_on_air(sample: list[Item]) -> None:
    rooms = Shop(sample + read_items(SHOP_ZH), rooms=8).rooms
    assert Counter((room.language, room.tells) for room in rooms) == {
        (language, tells): 2 for language in ("en", "zh") for tells in (True, False)
    }
    assert {msgspec.json.decode(room.message(NOW).value).get("on_air") == room.on_air.item_id for room in rooms if room.tells} == {True}
    assert not any("on_air" in msgspec.json.decode(room.message(NOW).value) for room in rooms if not room.tells)


def test_hosts_talk_in_the_language_of_what_they_sell(sample: list[Item]) -> None:
    shop = Shop(sample + read_items(SHOP_ZH))
    played = list(itertools.islice(live(shop, lambda: NOW), 3000))
    languages = {room.room_id: room.language for room in shop.rooms}
    said = [msgspec.json.decode(message.value) for message in played if message.topic == "transcripts"]
    assert len(said) > 200
    for segment in said:
        assert segment["lang"] == languages[segment["room_id"]]
        assert segment["ts"] < segment["end_ts"] <= NOW
        chinese = any("一" <= letter <= "鿿" for letter in segment["text"])
        assert chinese == (segment["lang"] == "zh"), segment["text"]


def test_a_corrected_segment_replaces_the_one_that_was_misheard() -> None:
    shop = Shop(read_items(SHOP_ZH), lang="zh")
    first: dict[str, str] = {}
    corrected = 0
    for message in itertools.islice(live(shop, lambda: NOW), 6000):
        if message.topic == "transcripts":
            segment = msgspec.json.decode(message.value)
            if segment["revision"]:
                corrected += 1
                assert first[segment["segment"]] != segment["text"]
            else:
                assert segment["segment"] not in first
                first[segment["segment"]] = segment["text"]
    assert corrected > 20


def test_what_words_mean_is_known_and_is_not_in_the_event(sample: list[Item]) -> None:
    for message in play(sample, 3000):
        assert (message.truth is not None) == (message.topic in ("danmaku", "transcripts"))
        if message.topic == "danmaku":
            assert message.truth is not None
            assert message.truth.intents
            assert set(msgspec.json.decode(message.value)) <= {"user_id", "room_id", "ts", "text", "lang", "item_id"}
            assert message.headers == SIMULATED


def test_a_wholly_chinese_shop_speaks_chinese_alone() -> None:
    shop = Shop(read_items(SHOP_ZH), lang="zh")
    played = shop.opening(NOW) + list(itertools.islice(live(shop, lambda: NOW), 3000))
    written = [msgspec.json.decode(message.value) for message in played if message.topic in ("danmaku", "transcripts")]
    assert {one["lang"] for one in written if "lang" in one} == {"zh"}
    bought = [message for message in played if message.topic == "purchases"]
    assert bought
    assert all(SIMULATED[0] in message.headers for message in bought)


def test_beside_real_purchases_only_made_up_items_are_bought_by_made_up_viewers(sample: list[Item]) -> None:
    made_up = {item.item_id for item in read_items(SHOP_ZH)}
    shop = Shop(sample + read_items(SHOP_ZH))
    bought = [msgspec.json.decode(shop.moment(NOW, buying=False).value) for _ in range(3000)]
    assert {one["item_id"] in made_up for one in bought if "currency" in one} == {True}


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
