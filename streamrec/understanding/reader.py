"""Reads comments: the one way by which worker, command and benchmark come to know what a comment means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streamrec.events.speech import Intent, Mention, Sentiment
from streamrec.understanding.judge import Judge
from streamrec.understanding.language import language
from streamrec.understanding.mentions import mentions
from streamrec.understanding.normalise import Normal, normalise
from streamrec.understanding.pointing import OF_ITEMS
from streamrec.understanding.scene import Scene

LEAST_OF_ITEMS = 0.2
"""Below this the item on air is not meant."""


class Judged(NamedTuple):
    """What the text alone says."""

    normal: Normal
    lang: str
    intents: list[Intent]
    sentiment: Sentiment
    of_items: float = 1.0
    """How likely it is that the comment is about an item at all."""


class Read(NamedTuple):
    """What a comment means where it was written."""

    normal: Normal
    lang: str
    intents: list[Intent]
    sentiment: Sentiment
    items: list[Mention]
    """Best first."""
    unwanted: list[str]


class Reader:
    """Reads texts many at once, since the model reads best in batches, and then each of them in its scene."""

    def __init__(self, judge: Judge | None = None) -> None:
        """Without a judge, intents are `other` and sentiment is neutral."""
        self._judge = judge
        self.model = "" if judge is None else judge.name
        """Name and version of the model."""

    def judge(self, texts: Sequence[str], told: Sequence[str | None]) -> list[Judged]:
        """What the texts say, with the languages that their senders told."""
        normals = [normalise(text) for text in texts]
        langs = [language(normal, lang) for normal, lang in zip(normals, told, strict=True)]
        if self._judge is None:
            return [Judged(normal, lang, ["other"], "neutral") for normal, lang in zip(normals, langs, strict=True)]
        found = self._judge.judge(normals, langs)
        return [
            Judged(normal, lang, one.chosen, one.mood, max(one.intents[intent] for intent in OF_ITEMS))
            for normal, lang, one in zip(normals, langs, found, strict=True)
        ]

    def read(self, judged: Judged, scene: Scene, item_id: str | None = None) -> Read:
        """What a judged text means in its scene; `item_id` is the item that the sender named beside it."""
        found = mentions(judged.normal, scene, judged.intents)
        if found.answers:
            # The number that the host asked for is an order; to the model it is but a number.
            judged = judged._replace(intents=["want"], sentiment="positive", of_items=1.0)
        # Nothing in the words points at the item on air: it is meant as far as the comment is about an item.
        items = [
            Mention(item_id=one.item_id, weight=round(one.weight * judged.of_items, 3), ref="deictic") if one.ref == "deictic" else one
            for one in found.items
            if one.ref != "deictic" or judged.of_items >= LEAST_OF_ITEMS
        ]
        if item_id is not None:
            items = [Mention(item_id=item_id, weight=1.0, ref="id"), *(one for one in items if one.item_id != item_id)]
        return Read(judged.normal, judged.lang, judged.intents, judged.sentiment, items, found.unwanted)
