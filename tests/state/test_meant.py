"""What a comment means moves its viewer's row: wanted, asked about, refused, complained of; spam moves nothing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.events.fields import EventTime
from streamrec.events.types import Danmaku
from streamrec.state.apply import apply
from streamrec.state.meant import Meant
from streamrec.state.packing import pack_user, unpack_user
from streamrec.state.signals import signals
from streamrec.state.user import ASKED, NAMED, REFUSED, WANTED, Asked, UserRow, refuses, unless_refused
from tests.shop import DAY, NOW, view

HOUR = DAY // 24
ITEMS = st.sampled_from("abc")
MEANT = st.builds(
    Meant,
    intents=st.lists(st.sampled_from(["want", "ask_size", "ask_price", "praise", "complaint", "spam", "other"]), max_size=3),
    sentiment=st.sampled_from(["positive", "neutral", "negative"]),
    items=st.lists(st.tuples(ITEMS, st.just(1.0)), max_size=2, unique_by=lambda pair: pair[0]),
    unwanted=st.lists(ITEMS, max_size=2, unique=True),
)
COMMENTS = st.lists(st.tuples(st.integers(NOW - DAY, NOW), MEANT), max_size=20)


def written(ts: int = NOW) -> Danmaku:
    return Danmaku(user_id="u", room_id="r", ts=EventTime(ts), text="words")


def row_after(*comments: tuple[int, Meant]) -> UserRow:
    row = UserRow()
    for ts, meant in comments:
        apply(row, written(ts), meant)
    return row


def about(item_id: str, *intents: str, **fields: object) -> Meant:
    return Meant(intents=intents, items=[(item_id, 1.0)], **fields)  # type: ignore[arg-type]


def refusing(item_id: str) -> Meant:
    return Meant(intents=["other"], unwanted=[item_id])


@given(COMMENTS, st.randoms(use_true_random=False))
def test_the_row_is_the_same_for_every_order_of_comments(comments: list[tuple[int, Meant]], random: object) -> None:
    shuffled = list(comments)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = row_after(*comments), row_after(*shuffled)
    assert one.asked == other.asked
    for name in ("named", "wanted", "refused", "mood"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert {key: entry.ts for key, entry in mine.items()} == {key: entry.ts for key, entry in theirs.items()}
        for key, entry in mine.items():
            assert entry.count == pytest.approx(theirs[key].count)
    for item_id in "abc":
        assert refuses(one, item_id, NOW) == refuses(other, item_id, NOW)
    assert unless_refused(one, one.named).keys() == unless_refused(other, other.named).keys()


@given(COMMENTS)
def test_a_row_with_comments_is_read_as_it_was_written(comments: list[tuple[int, Meant]]) -> None:
    row = row_after(*comments)
    assert unpack_user(pack_user(row)) == row


def test_a_row_of_before_knows_of_no_refusals_and_no_wishes() -> None:
    fields = list(msgspec.structs.astuple(UserRow(seq=5)))[: UserRow.__struct_fields__.index("refused")]
    row = unpack_user(b"\x01" + msgspec.msgpack.encode(fields))
    assert isinstance(row, UserRow)
    assert (row.seq, row.refused, row.wanted, row.asked, row.mood) == (5, {}, {}, {}, {})


def test_a_refused_item_is_no_longer_named_until_the_viewer_comes_back_to_it() -> None:
    row = row_after((NOW - 2000, about("a", "ask_price")), (NOW - 1000, refusing("a")))
    assert refuses(row, "a", NOW)
    assert not unless_refused(row, row.named)
    apply(row, written(NOW), about("a", "want"))
    assert not refuses(row, "a", NOW)
    assert "a" in unless_refused(row, row.named)


def test_what_was_named_before_does_not_lift_a_refusal_even_if_it_arrives_later() -> None:
    row = row_after((NOW, refusing("a")), (NOW - 1000, about("a", "want")))
    assert refuses(row, "a", NOW)


def test_a_look_at_the_item_lifts_a_refusal_and_a_complaint_does_not() -> None:
    row = row_after((NOW - 1000, refusing("a")), (NOW, about("a", "complaint")))
    assert refuses(row, "a", NOW)
    apply(row, view("u", "a", NOW))
    assert not refuses(row, "a", NOW)


def test_a_refusal_holds_half_a_day_and_longer_if_it_is_said_again() -> None:
    once, twice = row_after((NOW, refusing("a"))), row_after((NOW, refusing("a")), (NOW, refusing("a")))
    assert [refuses(once, "a", NOW + hours * HOUR) for hours in (12, 13)] == [True, False]
    assert [refuses(twice, "a", NOW + hours * HOUR) for hours in (24, 25)] == [True, False]


def test_a_complaint_raises_nothing_unless_the_viewer_wants_or_asks_all_the_same() -> None:
    assert row_after((NOW, about("a", "complaint"))).named == {}
    assert "a" in row_after((NOW, about("a", "complaint", "want"))).named
    assert "a" in row_after((NOW, about("a", "complaint", "ask_quality"))).named


def test_spam_moves_nothing_in_the_row_and_says_nothing_of_items() -> None:
    spam = about("a", "spam", "want", unwanted=["b"], sentiment="positive")
    row = row_after((NOW, spam))
    assert (row.named, row.wanted, row.refused, row.asked, row.mood, row.said) == ({}, {}, {}, {}, {}, [])
    assert signals(UserRow(), written(), spam, ("danmaku", 0, 0)) == []


def test_the_newest_question_about_an_item_is_kept_and_of_one_comment_the_rarest() -> None:
    row = row_after((NOW, about("a", "ask_price", "ask_size")), (NOW - 1000, about("a", "ask_stock")))
    assert row.asked == {"a": Asked(NOW, "size")}


def test_mood_counts_what_was_positive_and_what_was_negative() -> None:
    row = row_after((NOW, about("a", sentiment="positive")), (NOW, about("a", sentiment="negative")), (NOW, about("a")))
    assert {mood: entry.count for mood, entry in row.mood.items()} == {"positive": 1.0, "negative": 1.0}


def test_what_comments_leave_in_a_row_is_bounded() -> None:
    row = UserRow()
    for number in range(200):
        apply(row, written(NOW + number), about(f"i{number}", "want", "ask_size", unwanted=[f"u{number}"]))
    assert (len(row.named), len(row.wanted), len(row.asked), len(row.refused)) == (NAMED, WANTED, ASKED, REFUSED)
    assert "i199" in row.asked
