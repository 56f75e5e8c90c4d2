"""Which items a comment means, how it refers to them, and which it does not want."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streamrec.events.speech import Mention
from streamrec.understanding.normalise import Normal
from streamrec.understanding.positions import positions
from streamrec.understanding.scene import Scene

_ABOUT_AN_ITEM = frozenset({"ask_price", "ask_size", "ask_stock", "ask_quality", "ask_show", "ask_delivery", "want", "praise", "complaint"})


class Found(NamedTuple):
    """What a comment means: items, best first, and the items that it does not want."""

    items: list[Mention]
    unwanted: list[str]


def mentions(normal: Normal, scene: Scene, intents: Sequence[str]) -> Found:
    """The items that a comment with those intents means in that scene."""
    ids = scene.names.ids if scene.names is not None else []
    numbers = [number for number in positions(normal.text) if number <= len(ids)]
    named = [item for number in numbers if (item := ids[number - 1]) is not None]
    if named:
        return Found([Mention(item_id=item, weight=1.0, ref="position") for item in dict.fromkeys(named)], [])
    if scene.on_air is not None and _ABOUT_AN_ITEM & set(intents):
        return Found([Mention(item_id=scene.on_air, weight=0.8, ref="deictic")], [])
    return Found([], [])
