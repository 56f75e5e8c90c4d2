"""What a comment means is put together from what its text says and where it was written."""

from __future__ import annotations

import pytest

from streamrec.understanding.names import Names
from streamrec.understanding.reader import Reader
from streamrec.understanding.scene import Scene
from tests.understanding.more_shops import TRAVEL

NAMES = Names(TRAVEL.items)


@pytest.mark.parametrize("text", ["1", "一", "111", "扣1", "one"])
def test_the_number_that_the_host_asked_for_is_a_wish_for_the_item_on_air(text: str) -> None:
    reader = Reader()
    read = reader.read(reader.judge([text], [None])[0], Scene(NAMES, "i3", said="想要的扣1"))
    assert (read.intents, read.sentiment, [item.item_id for item in read.items]) == (["want"], "positive", ["i3"])


@pytest.mark.parametrize(("text", "said"), [("1", "大家晚上好"), ("2", "想要的扣1"), ("666", "想要的扣1")])
def test_a_number_that_nobody_asked_for_is_no_wish(text: str, said: str) -> None:
    reader = Reader()
    read = reader.read(reader.judge([text], [None])[0], Scene(NAMES, "i3", said=said))
    assert (read.intents, read.items) == (["other"], [])
