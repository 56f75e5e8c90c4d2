"""Every reason of every list is so by the events themselves, whatever the weights are, and reads as a sentence in every language."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.events.types import RankedItem, Recommendation
from streamrec.ranking.reasons.codes import CODES, RULE
from streamrec.ranking.reasons.languages import LANGUAGES
from streamrec.ranking.reasons.sentences import in_words
from streamrec.truth.check import Checked, check
from streamrec.truth.history import History
from streamrec.truth.likeness import TextLikeness
from streamrec.truth.oracle import JUDGES
from tests.shop import NOW, WordModel
from tests.truth.made_up import MadeUp


def checked(lists: list[Recommendation], history: History) -> Checked:
    return check(lists, history, TextLikeness(history, WordModel()))


@settings(max_examples=10)
@given(st.integers(0, 2**32))
def test_no_reason_is_false_whatever_happened_and_whatever_the_weights_are(seed: int) -> None:
    made_up = MadeUp(seed)
    lists = made_up.lists()
    found = checked(lists, made_up.history())
    assert found.false == []
    assert not found.unchecked
    titles = {item.item_id: item.title for item in made_up.items}
    for place in (place for made in lists for place in made.items):
        for language in LANGUAGES:
            for sentence in in_words(place, titles, language):
                assert "{" not in sentence
                assert sentence not in CODES
                assert sentence[-1] in ".。"


def test_made_up_shops_give_reasons_of_every_kind() -> None:
    """What is never said is never found false: the shops above must be lively enough."""
    said = {code for seed in range(12) for made in MadeUp(seed).lists() for place in made.items for code in place.reasons}
    assert said >= set(CODES) - {
        RULE,
        "explored",
        "popular_today",
        "popular_this_week",
        "popular_in_country",
        "bought_with_last",
        "bought_next",
        "often_rebought",
        "you_want_it",
        "you_asked",
        "viewers_want_it",
        "viewers_praise_it",
    }


@pytest.fixture(scope="module")
def shop() -> tuple[list[Recommendation], History]:
    made_up = MadeUp(7)
    return made_up.lists(), made_up.history()


def stranger(made: Recommendation, *codes: str, item_id: str = "nothing") -> Recommendation:
    """The list as if it had been made for somebody of whom nothing is known, with one place of an item of which nothing is known."""
    place = RankedItem(item_id=item_id, rank=1, score=1.0, scores={}, reasons=list(codes), because="nothing-else", propensity=None)
    return msgspec.structs.replace(made, user_id="nobody", items=[place], room_id=None)


@pytest.mark.parametrize("code", sorted(JUDGES))
def test_of_a_stranger_and_an_unknown_item_every_reason_is_false(code: str, shop: tuple[list[Recommendation], History]) -> None:
    lists, history = shop
    (found,) = checked([stranger(lists[-1], code)], history).false
    assert (found.code, found.rank, found.item_id) == (code, 1, "nothing")
    assert found.says
    assert found.sentence


def test_there_is_a_check_for_every_code() -> None:
    assert set(JUDGES) == set(CODES) - {RULE}


def test_what_rests_on_events_that_are_gone_is_not_called_false(shop: tuple[list[Recommendation], History]) -> None:
    lists, history = shop
    history.gaps.append("views/0 begins at 7")
    found = checked([stranger(lists[-1], "looked_at")], history)
    history.gaps.clear()
    assert found.false == []
    assert sum(found.unchecked.values()) == 1


def test_a_number_that_was_not_reached_is_false(shop: tuple[list[Recommendation], History]) -> None:
    lists, history = shop
    place = RankedItem(item_id="i0", rank=1, score=1.0, scores={}, reasons=["popular_this_week"], bought_7d=10_000)
    (found,) = checked([msgspec.structs.replace(lists[-1], items=[place])], history).false
    assert "10000" in found.sentence


def test_a_list_that_was_made_before_it_happened_is_not_right(shop: tuple[list[Recommendation], History]) -> None:
    lists, history = shop
    at = next(made for made in lists if any("bought_before" in place.reasons for place in made.items))
    place = next(place for place in at.items if "bought_before" in place.reasons)
    assert checked([msgspec.structs.replace(at, items=[place])], history).false == []
    early = msgspec.structs.replace(at.trigger, ts=NOW - 400 * 86_400_000)
    old = msgspec.structs.replace(
        at, items=[msgspec.structs.replace(place, reasons=["bought_before"])], trigger=early, generated_ts=early.ts
    )
    assert [found.code for found in checked([old], history).false] == ["bought_before"]
