"""What a question may be answered with: fields of the item, sentences of its description, what the host said, policies of the shop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

from streamrec.events.speech import AnswerSource
from streamrec.events.types import Item
from streamrec.understanding.answers.asked import Asked, Said
from streamrec.understanding.answers.figures import in_digits, numbers
from streamrec.understanding.answers.lexicon import LINKS, SIDES, lexicon
from streamrec.understanding.answers.policies import Policy
from streamrec.understanding.answers.terms import Reading
from streamrec.understanding.normalise import normalise

_SENTENCE = regex.compile(r"[^。！？!?;；\n]+?(?:[。！？!?;；\n]|\.(?=\s|$)|$)", regex.DOTALL)
_CLAUSE = regex.compile(r"[^，,。！？!?;；\n]+[，,。！？!?;；\n]?")
_LONG = 160
"""A longer sentence is cut at its commas: a reply shows it whole."""
_LONG_SPEECH = 240
"""A longer segment of speech is cut between words."""
_NEAR_PRICE = 0.3, 1.05
"""Within these shares of the listed price a bare number that the host says is a price."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible answer: where it is from, what it tells of, and the words that are compared with the question."""

    source: AnswerSource
    field: str
    quote: str
    offset: int
    kinds: frozenset[str]
    key: Reading | None
    """The name of a field."""
    body: Reading
    item_id: str | None = None
    age_s: float = 0.0
    """How long ago the host said it, before the newest words of the host."""


def candidates(asked: Asked) -> list[Candidate]:
    """All that may answer a question. Words of the host about other items are none."""
    found: list[Candidate] = []
    item = asked.item
    if item is not None:
        found += of_item(item)
    found += _of_host(asked.said, item)
    found += (_of_policy(key, policy, asked.lang) for key, policy in asked.policies.items())
    return found


def of_item(item: Item) -> Iterator[Candidate]:
    """The price, the stock, the fields and the sentences of an item."""
    yield Candidate("catalogue", "price", _figure(item.price), 0, frozenset({"price"}), None, _reading(_figure(item.price)), item.item_id)
    if item.stock is not None or not item.available:
        stock = str(item.stock if item.available else 0)
        yield Candidate("catalogue", "stock", stock, 0, frozenset({"stock"}), None, _reading(stock), item.item_id)
    for key, value in item.attributes.items():
        told = str(value)
        # What a value tells of beside its name counts less than the name: 净含量 tells of weight, 250g（125g×2罐） of how many too.
        kinds = kinds_of_field(key, _reading(told))
        yield Candidate("catalogue", key, told, 0, kinds, _reading(key.replace("_", " ")), _reading(told), item.item_id)
    for begin, sentence in sentences(item.description or ""):
        yield Candidate("catalogue", "description", sentence, begin, _reading(sentence).tells, None, _reading(sentence), item.item_id)


def _of_host(said: Sequence[Said], item: Item | None) -> Iterator[Candidate]:
    newest = max((one.ts for one in said), default=0)
    for one in said:
        if one.item_id is not None and item is not None and one.item_id != item.item_id:
            continue
        if item is None and one.item_id is not None:
            continue
        for begin, words in speech(one.text):
            reading = _reading(in_digits(words, item.price if item else None))
            kinds = reading.tells - {"price", "stock"}
            if item is not None and one.item_id is not None and tells_price(reading, item.price):
                kinds |= {"price"}
            if lexicon().cues["stock"].find(reading.cut):
                kinds |= {"stock"}
            yield Candidate("host", one.segment, words, begin, kinds, None, reading, one.item_id, (newest - one.ts) / 1000)


def _of_policy(key: str, policy: Policy, language: str) -> Candidate:
    text = policy.said(language)
    name = policy.called(key, language)
    asks = " ".join(word for words in policy.asks.values() for word in words)
    kinds = frozenset(policy.kinds) or lexicon().kinds_of_key(name) or lexicon().kinds_of_key(key)
    return Candidate("policy", key, text, 0, kinds | _reading(text).tells, _reading(f"{key} {name} {asks}"), _reading(text))


def kinds_of_field(key: str, value: Reading) -> frozenset[str]:
    """What a field tells of: by its name, and where that says nothing by its value; a size of several sides tells of each."""
    kinds = lexicon().kinds_of_key(key) or value.tells
    return kinds | (value.tells & SIDES) if "size" in kinds else kinds


def tells_price(reading: Reading, listed: float) -> bool:
    """Whether spoken words tell a price of the item: a number near the listed price that counts nothing else, and a word of trade."""
    if not listed:
        return False
    for place, piece in enumerate(reading.cut):
        if not piece.text[0].isdigit():
            continue
        near = any(_NEAR_PRICE[0] * listed <= value <= _NEAR_PRICE[1] * listed for value in numbers(piece.text))
        if near and _alone(reading, place) and (_of_money(reading, place) or lexicon().cues["price"].find(reading.cut)):
            return True
    return False


def _of_money(reading: Reading, place: int) -> bool:
    return place + 1 < len(reading.cut) and "price" in lexicon().units.exactly(reading.cut[place + 1].text)


def _alone(reading: Reading, place: int) -> bool:
    """Whether nothing is counted with a number, and it is no number of a link."""
    before = reading.cut[place - 1].text if place else ""
    if before in LINKS:
        return False
    if place + 1 == len(reading.cut) or _of_money(reading, place):
        return True
    after = reading.cut[place + 1]
    if not after.text.isascii():
        joined = after.begin == reading.cut[place].end
        return not (joined and (lexicon().units.exactly(after.text) or after.text in LINKS))
    # English counts with any noun: after a price comes a word of trade, one that says nothing, or the next number.
    return after.text[0].isdigit() or place + 1 in reading.idle or bool(lexicon().cues["price"].exactly(after.text))


def sentences(text: str) -> list[tuple[int, str]]:
    """The sentences of a description with their places; long ones are cut at commas."""
    found = []
    for match in _SENTENCE.finditer(text):
        parts = [match] if len(match[0]) <= _LONG else list(_CLAUSE.finditer(text, match.start(), match.end()))
        for part in parts:
            bare = part[0].strip().rstrip("。.;；，,")
            if bare:
                found.append((part.start() + part[0].index(bare), bare))
    return found


def speech(text: str) -> list[tuple[int, str]]:
    """A segment of speech whole, or where it is long in parts that end between words."""
    if len(text) <= _LONG_SPEECH:
        return [(len(text) - len(text.lstrip()), text.strip())] if text.strip() else []
    parts: list[tuple[int, str]] = []
    begin = 0
    while begin < len(text):
        end = min(begin + _LONG_SPEECH, len(text))
        if end < len(text):
            end = max((at + 1 for at in range(begin, end) if text[at] in " ，,。.!?！？"), default=end)
        if bare := text[begin:end].strip():
            parts.append((begin + text[begin:end].index(bare), bare))
        begin = end
    return parts


def _figure(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value}"


@lru_cache(maxsize=8192)
def _reading(text: str) -> Reading:
    return Reading(normalise(text))
