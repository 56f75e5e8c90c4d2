"""What a host says of an item: prices, stock, delivery, gifts, guarantees, what it is and what it can do, each in the host's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol

from streamrec.understanding.host.clauses import Clause, clauses
from streamrec.understanding.host.sayings import (
    ANNOUNCED,
    CUE_BEFORE,
    DELIVERY,
    GIFT,
    GONE,
    GUARANTEE,
    LEAD_WORDS,
    NO_FACT,
    NO_PRICE_AFTER,
    NO_PRICE_BEFORE,
    NOW,
    OF_A_KIND,
    ON_CONDITION,
    PRICE,
    STOCK,
    TELLS,
    USUAL,
)
from streamrec.understanding.spoken import COUNT, MONEY, Spoken, spoken

PointKind = Literal["price", "usual_price", "stock", "delivery", "gift", "guarantee", "fact"]
"""`price` is what one piece costs now, which may be less than the catalogue says; `usual_price` what it costs at other times."""
ONCE: frozenset[PointKind] = frozenset(("price", "usual_price", "stock", "delivery"))
"""Of these the last word counts."""
NEAR_PRICE = 0.25, 1.3
"""A number without a unit is taken for a price within these shares of the listed price."""
# Shorter ones are fragments, longer ones stories.
FACT_CHARACTERS, FACT_WORDS = (4, 30), (3, 14)


class Point(NamedTuple):
    """Something that was said; `words` are verbatim, from `start` to `end` of the segment's text."""

    kind: PointKind
    words: str
    start: int
    end: int
    value: float | None = None
    """A price in `currency`, or pieces that are left."""
    currency: str | None = None


class Speech(Protocol):
    """A segment of speech, and the item that was on air."""

    @property
    def segment(self) -> str: ...
    @property
    def ts(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def item_id(self) -> str | None: ...


class Told(NamedTuple):
    """A point of an item, and the segment in which it was made."""

    item_id: str
    segment: str
    ts: int
    point: Point


def told(heard: Sequence[Speech], listed: Mapping[str, tuple[float, str]], most: int = 5) -> dict[str, list[Told]]:
    """By item what was said of it, newest first and at most `most`. Of prices, stock and delivery the last word counts.

    `heard` is by time, the oldest first; `listed` has price and currency of the items in the catalogue.
    """
    found: dict[str, list[Told]] = {}
    for said in reversed(heard):
        if said.item_id is None:
            continue
        known = found.setdefault(said.item_id, [])
        price, currency = listed.get(said.item_id, (None, None))
        for point in reversed(points(said.text, price, currency)):
            again = any(_again(point, other.point) for other in known)
            if len(known) < most and not again:
                known.append(Told(said.item_id, said.segment, said.ts, point))
    return {item_id: known for item_id, known in found.items() if known}


def _again(point: Point, newer: Point) -> bool:
    return (point.kind == newer.kind and point.kind in ONCE) or point.words in newer.words


@lru_cache(4096)
def points(text: str, price: float | None = None, currency: str | None = None) -> tuple[Point, ...]:
    """What a segment says, in its order. `price` and `currency` are the catalogue's."""
    return tuple(_points(text, price, currency))


def _points(text: str, price: float | None, currency: str | None) -> Iterator[Point]:
    folded = _folded(text)
    usual, priced, on_condition = False, False, False
    for clause in clauses(folded):
        # "Link two, the pan…": what follows tells of it.
        first = announced.end() if (announced := ANNOUNCED.match(clause.text)) else 0
        clause = Clause(clause.start + first, clause.end, clause.text[first:])
        words = text[clause.start : clause.end]
        on_condition = on_condition or bool(ON_CONDITION.search(clause.text))
        priced = priced or bool(PRICE.search(clause.text))
        found, at = False, 0
        for number in spoken(clause.text):
            before, start, at = clause.text[at : number.start], at, number.end
            usual = _is_usual(before, usual)
            value = None if on_condition else _price(number, clause, price, priced or bool(CUE_BEFORE.search(before)))
            if value is None:
                continue
            found = priced = True
            # Two prices of one breath: each with the words before it.
            lead = LEAD_WORDS.search(before)
            first = clause.start + start + (lead.start() if lead else len(before))
            yield Point("usual_price" if usual else "price", text[first : clause.start + at], first, clause.start + at, value, currency)
        usual = _is_usual(clause.text[at:], usual)
        other = _kind(clause.text)
        if other is not None:
            yield Point(other, words, clause.start, clause.end, _pieces(clause.text) if other == "stock" else None)
        elif not found and _is_fact(clause.text):
            yield Point("fact", words, clause.start, clause.end)


def _folded(text: str) -> str:
    """The text in lower case and one width, character by character, so that places stay."""
    return "".join(chr(ord(sign) - 0xFEE0) if "！" <= sign <= "～" else low if len(low := sign.lower()) == 1 else sign for sign in text)


def _is_usual(part: str, before: bool) -> bool:
    """Whether the words before a number speak of other times rather than of now; `before` where they speak of neither."""
    cues = [(match.start(), False) for match in NOW.finditer(part)] + [(match.start(), True) for match in USUAL.finditer(part)]
    return max(cues)[1] if cues else before


def _price(number: Spoken, clause: Clause, listed: float | None, priced: bool) -> float | None:
    """The price of one piece that a number names, or None. Without a listed price only what has a currency is one."""
    if NO_PRICE_BEFORE.search(clause.text[: number.start]) or NO_PRICE_AFTER.match(clause.text[number.end :]):
        return None
    if number.kind not in (MONEY, "") or not (number.kind or priced or listed in number.values):
        return None
    values = number.amounts()
    if listed is None:
        return values[0] if number.kind else None
    near = [value for value in values if NEAR_PRICE[0] * listed <= value <= NEAR_PRICE[1] * listed]
    return min(near, key=lambda value: abs(value - listed)) if near else None


def _kind(clause: str) -> PointKind | None:
    if GUARANTEE.search(clause):
        return "guarantee"
    if DELIVERY.search(clause):
        return "delivery"
    if STOCK.search(clause):
        return "stock"
    return "gift" if GIFT.search(clause) else None


def _pieces(clause: str) -> float | None:
    """How many pieces are left, where the clause says so of the item rather than of a colour or a size."""
    if OF_A_KIND.search(clause):
        return None
    if GONE.search(clause):
        return 0.0
    counted = [number for number in spoken(clause) if number.kind == COUNT]
    return counted[0].values[0] if len(counted) == 1 else None


def _is_fact(clause: str) -> bool:
    size, (least, most) = (clause.count(" ") + 1, FACT_WORDS) if clause.isascii() else (len(clause), FACT_CHARACTERS)
    if not least <= size <= most or NO_FACT.search(clause):
        return False
    measured = any(number.kind not in ("", COUNT, MONEY) for number in spoken(clause))
    return measured or bool(TELLS.search(clause))
