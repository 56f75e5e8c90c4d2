"""Answers in words: a sentence of the language around what the source says, which stays as it is."""

from __future__ import annotations

from streamrec.events.types import Item
from streamrec.understanding.answers.candidates import Candidate
from streamrec.understanding.answers.figures import in_digits
from streamrec.understanding.answers.languages import words


def price(item: Item, language: str) -> str:
    """The price of an item with its currency: 45.9元, $27.50, 12 CHF."""
    return money(item.price, item.currency, language)


def money(value: float, currency: str, language: str) -> str:
    """An amount of money as a language writes it."""
    # Yuan are said without a nought behind the point; other currencies have cents in pairs.
    plain = f"{value:.10g}"
    figure = plain if value == int(value) or currency == "CNY" or round(value, 2) != value else f"{value:.2f}"
    return words(language).currencies.get(currency, f"{{value}} {currency}").format(value=figure)


def in_words(
    one: Candidate, item: Item | None, language: str, named: str, listed: tuple[str, str] | None = None, position: int | None = None
) -> str:
    """The answer that a candidate gives.

    `named` is what the field or policy is called; `listed` a field that lists the variants of an item in stock, since the stock of one
    variant is not known; `position` where the item is on the shelf.
    """
    says = words(language).says
    if one.source == "host":
        return says["host"].format(quote=in_digits(one.quote, item.price if item is not None else None))
    if one.source == "policy":
        return says["policy"].format(field=named, quote=one.quote.rstrip("。."))
    if one.field == "price" and item is not None:
        return says["price"].format(value=price(item, language))
    if one.field == "stock" and item is not None:
        if not item.available:
            return says["not_for_sale"]
        if item.stock == 0:
            return says["sold_out"]
        sentence = "in_stock" if listed is None else "in_stock_of"
        answer = says[sentence].format(value=one.quote, field=(listed or ("", ""))[0], listed=(listed or ("", ""))[1])
        return answer if position is None else says["at_link"].format(answer=answer, position=position)
    if one.field == "description":
        return says["sentence"].format(quote=one.quote)
    return says["field"].format(field=named, value=one.quote)
