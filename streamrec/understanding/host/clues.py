"""What a segment of speech tells of the item on air: link numbers, words, prices and measures, and whether the host goes on to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from msgspec import Struct

from streamrec.understanding.host.clauses import Clause, clauses
from streamrec.understanding.host.cues import ASKED, BACK, BEFORE, COMPARES, LATER, LEAD, LINK, NEXT, OF_SHOP, POINTS
from streamrec.understanding.host.shelf import CATEGORY, Hit, Shelf
from streamrec.understanding.normalise import Normal, normalise
from streamrec.understanding.spoken import COUNT, MONEY, spoken

# Logarithms of how many times likelier it is to be heard while the item is on air.
ANNOUNCED, LINKED, NUMBERED = 5.0, 4.0, 2.2
BY_SOUND, BY_LONG_SOUND, SAME_SPAN = 0.4, 0.7, 0.3
PRICED, BARE_PRICE, MEASURED, BARE_MEASURE, COUNTED = 0.8, 0.6, 0.6, 0.3, 0.1
MOST_WORDS, MOST_DETAILS, MOST = 6.5, 1.5, 9.0
SHOP_TALK, ONLY_SHOP_TALK, MOST_SHOP_TALK = 2.2, 1.5, 5.0
# What is left of the evidence of a clause that compares, announces for later, or tells of others.
ASIDE, EARLIER = 0.2, 0.4
INTRODUCED = 1.6
"""How much more the words of a clause tell in which the host goes on to an item."""
POINTED = 1.4
"""How much more a name tells behind "this", or at the beginning behind "the"."""

_SYLLABLES = {
    "yi": "一",
    "er": "二",
    "liang": "两",
    "san": "三",
    "si": "四",
    "wu": "五",
    "liu": "六",
    "qi": "七",
    "ba": "八",
    "jiu": "九",
    "shi": "十",
    "bai": "百",
    "qian": "千",
    "ling": "零",
}
_NUMERALS = "零〇一二两三四五六七八九十百千"
_LATE_UNITS = "块元号"


class Clues(Struct, array_like=True):
    """What a segment tells of items, as logarithms of ratios of likelihoods (the empty id stands for nothing), and of a switch."""

    items: dict[str, float]
    switch: float = 0.0
    """The least probability that another item is on air from here on."""
    forth: bool = False
    """Whether the host says that the next one follows."""


def clues(text: str, shelf: Shelf, confidence: float | None = None) -> Clues:
    """What a segment tells. `confidence` is the recogniser's."""
    normal = _repaired(normalise(text))
    back, forth = bool(BACK.search(normal.text)), False
    told: dict[int, float] = defaultdict(float)
    links: dict[int, float] = {}
    of_shop, later = 0, False
    for clause in _halved(clauses(normal.text)):
        part = Normal(clause.text, clause.text, normal.pinyin[clause.start : clause.end])
        # What is announced for later is often named in the next breath.
        kept = min(_kept(clause.text, back), EARLIER if later else 1.0)
        later = bool(LATER.search(clause.text))
        goes_on = kept == 1.0 and bool(NEXT.search(clause.text))
        forth = forth or goes_on
        if goes_on or (kept == 1.0 and BACK.search(clause.text)):
            kept = INTRODUCED
        of_shop += len(OF_SHOP.findall(clause.text))
        for place, weight in _numbered(part, clause, shelf):
            links[place] = max(links.get(place, 0.0), weight * kept)
        for weights in (_by_words(part, shelf), _by_numbers(part, shelf)):
            for place, weight in weights.items():
                told[place] += weight * kept
    found = {place: min(weight, MOST_WORDS) for place, weight in told.items()}
    for place, weight in links.items():
        # Who counts up the links shows none of them.
        found[place] = found.get(place, 0.0) + weight / max(1.0, len(links) - 1.0)
    sure = 1.0 if confidence is None else 0.5 + 0.5 * confidence
    items = {
        item_id: round(min(weight, MOST) * sure, 3) for place, weight in found.items() if (item_id := shelf.ids[place]) and weight >= 0.1
    }
    if of_shop:
        alone = ONLY_SHOP_TALK if max(items.values(), default=0.0) < 1.0 else 0.0
        items[""] = round(min(MOST_SHOP_TALK, SHOP_TALK * of_shop + alone) * sure, 3)
    return Clues(items, 0.6 if forth or (back and items.keys() - {""}) else 0.0, forth)


def _halved(parts: Iterable[Clause]) -> Iterator[Clause]:
    """The clauses, each cut where it begins to compare: what stands before is what is compared, and on air."""
    for part in parts:
        match = COMPARES.search(part.text)
        at = match.start() if match else 0
        if part.text[:at].strip():
            yield Clause(part.start, part.start + at, part.text[:at])
        yield Clause(part.start + at, part.end, part.text[at:])


def _kept(clause: str, back: bool) -> float:
    """What is left of the evidence of a clause."""
    if COMPARES.search(clause) or LATER.search(clause):
        return ASIDE
    if ASKED.search(clause) or (BEFORE.search(clause) and not back):
        return EARLIER
    return 1.0


def _repaired(normal: Normal) -> Normal:
    """The text with numerals in place of characters that sound like them, where they stand between numerals or before 号 and 块."""
    text = list(normal.text)
    for at, sign in enumerate(text):
        numeral = _SYLLABLES.get(normal.pinyin[at])
        if numeral is None or sign in _NUMERALS or not "\u3400" <= sign <= "\u9fff":
            continue
        before = at > 0 and text[at - 1] in _NUMERALS
        after = at + 1 < len(text) and (text[at + 1] in _NUMERALS or text[at + 1] in _LATE_UNITS)
        if (before and after) or (after and text[at + 1] in _LATE_UNITS):
            text[at] = numeral
    return Normal(normal.raw, "".join(text), normal.pinyin)


def _numbered(part: Normal, clause: Clause, shelf: Shelf) -> Iterator[tuple[int, float]]:
    """The places on the shelf that a clause names by their number, with what that tells."""
    for match in LINK.finditer(part.text):
        numeral = next(group for name in ("n", "n2", "n3", "n4", "n5") if (group := match[name]))
        values = [number.values[0] for number in spoken(numeral)]
        if len(values) != 1 or not 1 <= values[0] <= len(shelf):
            continue
        announced = LEAD.fullmatch(part.text[: match.start()])
        weight = ANNOUNCED if announced else LINKED if match["chain"] or not match["hao"] else NUMBERED
        if match["hao"] and match["hao"] != "号":
            # 好 and 浩 for 号, heard at the start of a clause or before "link"; 毫 begins a unit.
            if part.pinyin[match.start("hao")] != "hao" or match["hao"] == "毫" or not (match["chain"] or match.start() <= 1):
                continue
            weight *= 0.9 if match["chain"] else 0.6
        yield int(values[0]) - 1, weight


def _by_words(part: Normal, shelf: Shelf) -> dict[int, float]:
    """What the words of a clause tell of places: those of names up to `MOST_WORDS`, those of what is only told of an item far less."""
    runs: dict[int, list[Hit]] = defaultdict(list)
    found: dict[int, float] = defaultdict(float)
    details: dict[int, float] = defaultdict(float)

    def close(place: int) -> None:
        run = runs.pop(place)
        pointed = POINTED if POINTS.search(part.text[: run[0].start]) else 1.0
        (found if max(hit.items[place] for hit in run) >= CATEGORY else details)[place] += _of_run(run, place) * pointed

    for hit in shelf.words(part):
        for place in hit.items:
            # Neighbouring pairs share a character; pairs that do not touch are another word.
            if place in runs and hit.start > runs[place][-1].end - 1:
                close(place)
            runs[place].append(hit)
    for place in [*runs]:
        close(place)
    for hit in shelf.kinds(part):
        pointed = POINTED if POINTS.search(part.text[: hit.start]) else 1.0
        for place, weight in hit.items.items():
            found[place] = max(found[place], weight * hit.rarity * pointed)
    for place, weight in details.items():
        found[place] += min(weight, MOST_DETAILS)
    return found


def _of_run(run: list[Hit], place: int) -> float:
    """What a run of matches tells: it is one word, so its strongest part counts in full and the others a little."""
    sounds = BY_LONG_SOUND if len(run) > 1 else BY_SOUND
    weights = sorted((hit.items[place] * hit.rarity * (sounds if hit.by_sound else 1.0) for hit in run), reverse=True)
    return weights[0] + SAME_SPAN * sum(weights[1:4])


def _by_numbers(part: Normal, shelf: Shelf) -> dict[int, float]:
    found: dict[int, float] = defaultdict(float)
    for number in spoken(part.text):
        by_price = PRICED if number.kind == MONEY else BARE_PRICE
        for place, weight in shelf.priced(number).items():
            found[place] += weight * by_price
        share = COUNTED if number.kind == COUNT or max(number.values) < 10 else MEASURED if number.kind else BARE_MEASURE
        for place, weight in shelf.measured(number).items():
            found[place] += weight * share
    return found
