"""What made-up viewers write: it means what its truth says, and takes no words of titles."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from streamrec.events.files import read_items
from streamrec.events.types import Item
from streamrec.simulator import danmaku
from streamrec.simulator.playback import SHOP_ZH
from streamrec.simulator.utterances import Language, words

LANGUAGES: tuple[Language, ...] = ("en", "zh")
MUG = Item(item_id="mug", title="BLUE PAISLEY MUG", price=2.0, currency="GBP", lang="en")
CLOCK = Item(item_id="clock", title="ALARM CLOCK BAKELIKE RED", price=3.75, currency="GBP", lang="en")
SIGN = Item(item_id="sign", title="HOT BATHS METAL SIGN", price=2.1, currency="GBP", lang="en")


def room(*shelf: Item, on_air: int = 0, before: int | None = None) -> Any:
    return SimpleNamespace(shelf=list(shelf), on_air=shelf[on_air], before=None if before is None else shelf[before])


def written(language: Language, into: Any, count: int = 2000) -> list[danmaku.Written]:
    dice = Random(3)
    return [danmaku.write(dice, language, into, []) for _ in range(count)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_hundreds_of_lines_and_each_says_only_what_is_filled_in(language: Language) -> None:
    lines = [line for sorts in words(language).comments.values() for hows in sorts.values() for lines in hows.values() for line in lines]
    assert len(lines) > 250
    assert len(set(lines)) > 0.95 * len(lines)
    for line in lines:
        line.format(number=1, other=2, kind="mug")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_comment_can_be_written_about_every_item(language: Language) -> None:
    assert set(words(language).comments) == {*danmaku.WANTS, "spam"}
    for item in (MUG, *read_items(SHOP_ZH)[::20]):
        assert len({one.truth.intents for one in written(language, room(item, CLOCK), 400)}) > 8


def test_most_comments_are_about_what_is_on_air() -> None:
    meant = [one.truth.items for one in written("en", room(MUG, CLOCK, SIGN, on_air=1)) if len(one.truth.items) == 1]
    assert sum(items == ("clock",) for items in meant) > 0.6 * len(meant)


def test_a_number_is_the_place_on_the_shelf() -> None:
    into = room(MUG, CLOCK, SIGN)
    for one in written("zh", into):
        for place, item in enumerate(into.shelf, 1):
            if one.text.startswith(f"我要{place}号"):
                assert one.truth.items == (item.item_id,)


def test_a_kind_tells_an_item_only_where_no_other_of_its_kind_is_on_the_shelf() -> None:
    twin = Item(item_id="twin", title="RED RETROSPOT MUG", price=2.0, currency="GBP", lang="en")
    meant = {one.truth.items for one in written("en", room(CLOCK, MUG, twin)) if one.truth.how == "kind" and one.truth.items}
    assert meant == {("clock",)}


def test_what_is_refused_is_not_meant() -> None:
    refused = [one for one in written("en", room(MUG, CLOCK)) if one.truth.unwanted]
    assert len(refused) > 50
    assert all(set(one.truth.unwanted).isdisjoint(one.truth.items) for one in refused)


def test_comments_take_no_words_of_a_title_but_its_kind() -> None:
    texts = " ".join(one.text.lower() for one in written("en", room(MUG, CLOCK)))
    assert "mug" in texts
    assert not any(word in texts for word in ("paisley", "bakelike", "blue paisley"))


def test_of_what_is_sold_in_another_language_no_kind_is_named() -> None:
    assert "kind" not in {one.truth.how for one in written("zh", room(MUG, CLOCK))}
