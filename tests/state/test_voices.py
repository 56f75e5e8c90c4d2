"""What comments say of an item is counted, bounded for like ones, and told only where several viewers say it."""

from __future__ import annotations

import math
from collections import defaultdict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.events.fields import EventTime
from streamrec.events.types import Danmaku
from streamrec.state.apply import apply
from streamrec.state.item import KINDS, LINK_LEAST, ItemRow, Signal, count
from streamrec.state.meant import Meant
from streamrec.state.packing import pack_item, unpack_item
from streamrec.state.signals import signals
from streamrec.state.stats import MOST_BYTES, decode_stats, encode_stats, stats_of
from streamrec.state.user import UserRow
from streamrec.state.voices import ALIKE, MINUTE_MS, MINUTES, SAME, SOME, VOICES, Chorus, Spoken, hear, voices_of
from tests.shop import DAY, NOW
from tests.state.test_item import said, spread

MENTION = KINDS.index("mention")
SENT = st.lists(
    st.tuples(st.integers(0, 2 * MINUTES), st.integers(0, 2 * ALIKE), st.integers(0, 63), st.floats(0, 1)), min_size=1, max_size=200
)


def row_after(*signals: Signal) -> ItemRow:
    row = ItemRow()
    for signal in signals:
        count(row, signal)
    return row


def told(*signals: Signal) -> Spoken:
    return decode_stats(encode_stats(stats_of(row_after(*signals)))).spoken


@given(SENT)
def test_like_comments_of_a_minute_count_no_more_than_the_logarithm_of_who_wrote_them(sent: list[tuple[int, int, int, float]]) -> None:
    """Whatever is sent, in whatever order, and however often."""
    chorus = Chorus()
    added: dict[tuple[int, int], float] = defaultdict(float)
    wrote: dict[tuple[int, int], set[int]] = defaultdict(set)
    for minute, like, account, amount in sent + sent:
        added[minute, like] += hear(chorus, ["want"], NOW + minute * MINUTE_MS, amount, spread(like), account)
        wrote[minute, like].add(account)
    for cluster, weight in added.items():
        assert weight <= math.log1p(len(wrote[cluster])) + 1e-9
    assert all(voice.count <= math.fsum(added.values()) + 1e-9 for voice in chorus.voices.values())


@given(st.lists(st.tuples(st.integers(0, 500), st.booleans()), min_size=1, max_size=100))
def test_a_text_sent_by_many_accounts_moves_the_mentions_of_an_item_by_the_logarithm_of_their_number(sent: list[tuple[int, bool]]) -> None:
    """From the comments on, through the rows of the accounts."""
    rows: dict[int, UserRow] = defaultdict(UserRow)
    item = ItemRow()
    ts = NOW // MINUTE_MS * MINUTE_MS
    for user, exclaims in sent:
        event = Danmaku(user_id=f"u{user}", room_id="r", ts=EventTime(ts), text="number three please" + "!" * exclaims)
        meant = Meant(intents=["want"], items=[("a", 1.0)])
        for _, signal in signals(rows[user], event, meant, ("danmaku", 0, 0)):
            count(item, signal)
        apply(rows[user], event, meant)
    bound = math.log1p(len({user for user, _ in sent}))
    assert item.counts[MENTION][0] <= bound + 1e-9
    assert item.chorus.voices["want"].count <= bound + 1e-9


def test_accounts_that_nobody_knows_count_less_and_one_of_a_wave() -> None:
    unknown = [msgspec.structs.replace(said(NOW, 1, number, "praise"), standing=0.0) for number in range(60)]
    row = row_after(*unknown)
    assert row.counts[MENTION][0] == pytest.approx(math.log1p(60 * LINK_LEAST))
    assert [bits.bit_count() for bits in row.chorus.speakers["praise"].values()] == [1]


def test_comments_in_other_words_count_each() -> None:
    row = row_after(*(said(NOW, like=number, account=number) for number in range(4)))
    assert row.counts[MENTION][0] == pytest.approx(4 * math.log(2))


def test_beyond_so_many_different_comments_of_a_minute_all_others_count_as_like_ones() -> None:
    row = row_after(*(said(NOW, like=number, account=number % 64) for number in range(500)))
    assert row.counts[MENTION][0] == pytest.approx(ALIKE * math.log(2) + math.log1p(64))


def test_what_comes_later_than_the_minutes_that_are_known_counts_nothing() -> None:
    row = row_after(*(said(NOW + minute * MINUTE_MS, account=minute) for minute in range(MINUTES + 1)))
    before = [list(values) for values in row.counts]
    count(row, said(NOW, account=60))
    assert row.counts == before


@pytest.mark.parametrize(
    ("meant", "voices"),
    [
        (Meant(intents=["want", "ask_size", "ask_price"]), ["want", "question", "question:size", "question:price"]),
        (Meant(intents=["praise"], about=["quality"]), ["praise", "praise:quality"]),
        (Meant(intents=["praise", "complaint"], about=["quality"]), ["praise", "complaint"]),
        (Meant(intents=["other"]), []),
    ],
)
def test_what_a_comment_says_of_its_items(meant: Meant, voices: list[str]) -> None:
    assert voices_of(meant) == voices
    assert set(voices) <= set(VOICES)


def test_praise_is_told_when_several_viewers_gave_it_in_their_own_words_and_few_complain() -> None:
    def praising(people: int) -> list[Signal]:
        return [said(NOW, number, number, "praise", "praise:size") for number in range(people)]

    def complaining(people: int) -> list[Signal]:
        return [said(NOW, 100 + number, 40 + number, "complaint") for number in range(people)]

    assert not told(*praising(SOME - 1)).praised_until
    spoken = told(*praising(SOME))
    assert spoken.praised_for == "size"
    assert NOW + 6 * DAY < spoken.praised_until <= NOW + 7 * DAY
    assert told(*praising(8), *complaining(2)).praised_until
    assert not told(*praising(8), *complaining(3)).praised_until


def test_praise_fades_with_those_who_gave_it() -> None:
    old = [said(NOW - 5 * DAY, number, number, "praise") for number in range(4)]
    spoken = told(*old, said(NOW, 9, 9, "praise"))
    assert NOW < spoken.praised_until <= NOW + 2 * DAY


def test_a_wave_of_like_praise_is_three_viewers() -> None:
    assert not told(*(said(NOW, 1, number, "praise") for number in range(60))).praised_until


def test_what_they_praise_is_named_where_enough_agree() -> None:
    praise = [said(NOW, number, number, "praise", *(["praise:quality"] if number < SAME else [])) for number in range(SOME)]
    assert told(*praise).praised_for == "quality"
    assert told(*praise[1:], said(NOW, 50, 50, "praise")).praised_for == ""
    assert told(*praise, said(NOW, 60, 60, "complaint:quality")).praised_for == ""


def test_wishes_of_several_viewers_are_told() -> None:
    assert not told(*(said(NOW, number, number, "want") for number in range(SOME - 1))).wanted_until
    spoken = told(*(said(NOW, number, number, "want") for number in range(SOME)))
    assert spoken.wanted_until > NOW
    assert spoken.want == pytest.approx(SOME * math.log(2), rel=1e-3)


def test_rows_statistics_and_signals_of_before_have_no_voices() -> None:
    fields = list(msgspec.structs.astuple(ItemRow()))[: ItemRow.__struct_fields__.index("chorus")]
    row = unpack_item(b"\x03" + msgspec.msgpack.encode(fields))
    count(row, said(NOW, 0, 0, "want"))
    assert unpack_item(pack_item(row)) == row
    assert list(row.chorus.voices) == ["want"]
    old = msgspec.json.decode(encode_stats(stats_of(row)))[:-1]
    assert decode_stats(msgspec.json.encode(old)).spoken == Spoken()
    signal = msgspec.json.decode(msgspec.json.encode(["mention", NOW, 1.0, [], "danmaku", 0, 1, 0]), type=Signal)
    assert (signal.voices, signal.like, signal.account) == ([], 0, 0)


def test_a_row_and_its_statistics_stay_bounded_however_much_is_said() -> None:
    row = ItemRow()
    for number in range(5000):
        count(row, said(NOW + number * MINUTE_MS // 20, number, number % 64, *VOICES))
    assert len(pack_item(row)) < 12_000
    assert len(encode_stats(stats_of(row))) <= MOST_BYTES


def test_hashes_of_these_tests_are_far_apart() -> None:
    assert len({spread(number) for number in range(100)}) == 100
