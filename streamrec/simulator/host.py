"""What made-up hosts say: an item is announced, shown by its real fields, priced, and left for the next one."""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from streamrec.events.types import Item
from streamrec.simulator.spoken import chinese, english, price_in_figures, price_in_words
from streamrec.simulator.utterances import Language, words

NAME_CHARACTERS = 14
"""Of a title without blanks in which no kind is found, the host says the beginning."""
ZH_ITEM_SAID = ("{0}是{1}", "{0}呢是{1}", "{0} {1}")
EN_ITEM_SAID = ("the {0} is {1}", "{0} {1}")
FLASH_SHARE = 0.8
"""What a flash price is of the usual one."""
_SENTENCE = re.compile(r"[^。！？.!?]+")

# Chances, none of them measured: most hosts name the link, few items have a flash price, and there is much talk about nothing.
SAYS_NUMBER, FLASHES, COUNTS_STOCK, HANDS_UP, LOOKS_BACK, CHATS = 0.7, 0.35, 0.3, 0.3, 0.15, 0.35
IN_FIGURES = 0.5


class Line(NamedTuple):
    """One segment, and whether it asks the viewers to write that they want the item."""

    text: str
    asks_for_hands: bool = False


def opening(dice: Random, language: Language) -> list[Line]:
    """What is said before the first item."""
    return [Line(dice.choice(words(language).host["open"]))]


def turn(dice: Random, language: Language, item: Item, number: int, other: int | None) -> list[Line]:
    """All that is said about an item at the place `number` of the shelf; `other` is the place of the one before."""
    host, said = words(language).host, list[Line]()
    kind = _called(dice, language, item)
    flash = round(item.price * FLASH_SHARE) if item.price >= 10 else round(item.price * FLASH_SHARE, 2)
    fields = {
        "number": str(number) if dice.random() < IN_FIGURES else _in_words(language, number),
        "other": str(other),
        "name": name_of(language, item),
        "kind": kind or "",
        "price": _price(dice, language, item.price, item.currency),
        "flash": _price(dice, language, flash, item.currency),
        "stock": str(item.stock),
    }

    def say(what: str, chance: float = 1.0, **more: str) -> None:
        if dice.random() < chance:
            said.append(Line(dice.choice(host[what]).format(**fields, **more), what == "hands_up"))

    say("switch" if kind is None or dice.random() < SAYS_NUMBER else "switch_unnumbered")
    points = points_of(dice, language, item)
    dice.shuffle(points)
    # A list with "{kind}" needs one: what has no kind is shown by lines that do without.
    shown = [line for line in host["point"] if kind is not None or "{kind}" not in line]
    for position, point in enumerate(points[: dice.randint(2, 4)]):
        said.append(Line(dice.choice(shown).format(point=point, **fields)))
        say("filler", CHATS)
        if position == 0:
            say("price")
            say("before", LOOKS_BACK if other is not None else 0.0)
    if item.stock == 0:
        say("sold_out")
        return said
    say("stock", COUNTS_STOCK if item.stock is not None else 0.0)
    say("flash", FLASHES)
    say("hands_up", HANDS_UP)
    return said


def name_of(language: Language, item: Item) -> str:
    """What the host calls an item: its title up to the word that tells its kind."""
    if language == "en":
        return item.title.lower().replace(",", " ")
    kinds = words(language).kinds
    for called in (item.category, *(kinds[item.category].names if item.category in kinds else ())):
        if called and called in item.title:
            return item.title[: item.title.index(called) + len(called)]
    return item.title[:NAME_CHARACTERS]


def points_of(dice: Random, language: Language, item: Item) -> list[str]:
    """What can be said of an item: its attributes and the sentences of its description; its title where it has neither."""
    forms = ZH_ITEM_SAID if language == "zh" else EN_ITEM_SAID
    told = [dice.choice(forms).format(*field) for field in item.attributes.items()]
    told += [sentence.strip().replace("，", " ") for sentence in _SENTENCE.findall(item.description or "") if sentence.strip()]
    return told or [name_of(language, item)] * 2


def _called(dice: Random, language: Language, item: Item) -> str | None:
    stock = words(language)
    kind = stock.kind_of(item)
    return dice.choice(stock.kinds[kind].names) if kind else None


def _in_words(language: Language, number: int) -> str:
    return chinese(number) if language == "zh" else english(number)


def _price(dice: Random, language: Language, price: float, currency: str) -> str:
    return price_in_figures(price) if dice.random() < IN_FIGURES else price_in_words(language, price, currency)
