"""A comment means the items that a reader of it would say, in shops of several trades and languages."""

from __future__ import annotations

import pytest

from streamrec.understanding.mentions import mentions
from streamrec.understanding.names import Names
from streamrec.understanding.normalise import normalise
from streamrec.understanding.scene import Scene
from tests.understanding.more_shops import MORE
from tests.understanding.shops import SHOPS as FIRST
from tests.understanding.shops import Said, Shop

SHOPS = FIRST | MORE

NAMES = {trade: Names(shop.items) for trade, shop in SHOPS.items()}
CASES = [(trade, said) for trade, shop in SHOPS.items() for said in shop.comments]


def scene(trade: str, shop: Shop) -> Scene:
    return Scene(NAMES[trade], f"i{shop.on_air}", [f"i{place}" for place in shop.shown], normalise(shop.said).text)


@pytest.mark.parametrize(("trade", "said"), CASES, ids=[f"{trade}: {said.text}" for trade, said in CASES])
def test_a_comment_means_and_refuses_the_items_that_a_reader_would_say(trade: str, said: Said) -> None:
    found = mentions(normalise(said.text), scene(trade, SHOPS[trade]), said.intents.split())
    assert {mention.item_id for mention in found.items} == {f"i{place}" for place in said.means}
    assert set(found.unwanted) == {f"i{place}" for place in said.refuses}
