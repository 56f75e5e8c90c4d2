"""Whether a comment that names no item is about the one on air."""

from __future__ import annotations

from functools import lru_cache

from streamrec.events.speech import Intent
from streamrec.understanding import phrases
from streamrec.understanding.aspects import QUESTIONS
from streamrec.understanding.numerals import amounts
from streamrec.understanding.phrases import pattern

ASKS: frozenset[Intent] = frozenset(QUESTIONS)
OF_ITEMS: frozenset[Intent] = ASKS | {"want", "praise", "complaint"}
_SURELY_OF_GOODS: frozenset[Intent] = ASKS - {"ask_quality"}
"""Questions that nobody asks about the host, the studio or the weather."""


def about_what_is_on_air(text: str, intents: frozenset[str], said: str) -> bool:
    """Whether a normalised text with those intents, which names nothing, is about the item on air; `said` are the host's last words."""
    if bare := phrases.BARE_NUMBER.fullmatch(text):
        return "want" in intents or phrases.asks_for(said, bare[1])
    if not intents & OF_ITEMS:
        elsewhere = pattern("about_room").search(text) or pattern("elsewhere").search(text)
        return "greeting" not in intents and (
            pattern("this_one").search(text) is not None or (not elsewhere and _repeats_an_amount(text, said))
        )
    if "want" in intents:
        return True
    if pattern("not_yet").search(text):
        return False
    if "praise" in intents and pattern("thanks").search(text):
        return False
    if _points(text) or pattern("experience").search(text):
        return True
    if not intents & _SURELY_OF_GOODS and pattern("aside").search(text) and not pattern("of_goods").search(text):
        return False
    if intents & {"ask_quality", "ask_size"}:
        return True
    if pattern("about_shop").search(text):
        return pattern("it").search(text) is not None and "complaint" not in intents
    if intents <= {"praise", "complaint", "other"} and pattern("about_room").search(text):
        return False
    return not (intents <= {"praise", "other"} and pattern("about_host").search(text))


def _points(text: str) -> bool:
    """Whether a word such as "this" points at an item: this song does not."""
    aside = pattern("aside")
    return any(not aside.match(text, match.end() + text.startswith(" ", match.end())) for match in pattern("this").finditer(text))


def _repeats_an_amount(text: str, said: str) -> bool:
    """Whether the comment repeats a number that the host has just said: 399还行, 六斤…"""
    mine = amounts(text)
    return bool(mine) and bool(mine & _amounts_said(said))


@lru_cache(1024)
def _amounts_said(said: str) -> frozenset[float]:
    """The amounts in the host's last words, which many comments are read beside."""
    return frozenset(amounts(said))
