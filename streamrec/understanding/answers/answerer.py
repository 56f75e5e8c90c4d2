"""Answers a question out of what the shop and its host said, or keeps silent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from streamrec.events.speech import Intent
from streamrec.understanding.answers.asked import Answer, Asked
from streamrec.understanding.answers.candidates import Candidate, candidates
from streamrec.understanding.answers.features import Floats, naming
from streamrec.understanding.answers.focus import focus, links_of
from streamrec.understanding.answers.languages import spoken
from streamrec.understanding.answers.lexicon import lexicon
from streamrec.understanding.answers.phrases import Found
from streamrec.understanding.answers.ranker import Ranker, packaged
from streamrec.understanding.answers.saying import in_words
from streamrec.understanding.answers.terms import Reading
from streamrec.understanding.normalise import normalise

ANSWERED: Final[tuple[Intent, ...]] = ("ask_price", "ask_stock", "ask_size", "ask_delivery", "ask_quality")
"""The intents that are answered; of several the first here is named in the answer."""
_PLAIN = 0.97
"""The confidence in a price or a stock where nothing else is asked: the words are few and the field is one."""

_NEARLY = 0.4
"""Scores (logits) that differ by less are taken for equal."""
_MOST_FOREIGN = 2
_NUMERALS = frozenset("两二三四五六七八九十俩仨半")


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers questions by a ranker, the packaged one by default, with at least `threshold` confidence (by default the ranker's)."""

    ranker: Ranker = field(default_factory=packaged)
    threshold: float | None = None

    def answer(self, asked: Asked) -> Answer | None:
        """The answer; None where it is no question about an item or the shop, or nothing known answers it surely enough."""
        intents = [intent for intent in ANSWERED if intent in asked.intents]
        if not intents:
            return None
        question = Reading(asked.normal)
        found = candidates(asked)
        if not found:
            return None
        title = (
            None if asked.item is None else Reading(normalise(f"{asked.item.title} {asked.item.brand or ''} {asked.item.category or ''}"))
        )
        chosen = _plain(question, title, intents, found, asked)
        if chosen is not None:
            return _answer(asked, intents[0], chosen, _PLAIN, found)
        if question.wants("compare") or question.wants("together"):
            # What is known is of one item.
            return None
        scores = self.ranker.rank(question, title, intents, found)
        confidence = self.ranker.confidence(scores)
        if confidence < (self.ranker.threshold if self.threshold is None else self.threshold):
            return None
        return _answer(asked, intents[0], _newest(_preferred(scores, found), found), confidence, found)


def _plain(
    question: Reading, title: Reading | None, intents: Sequence[Intent], found: Sequence[Candidate], asked: Asked
) -> Candidate | None:
    """The price or the stock, where the question asks for nothing else: the host's newest words about it before the catalogue's."""
    item = asked.item
    if item is None or list(intents) not in (["ask_price"], ["ask_stock"]):
        return None
    kind = intents[0].removeprefix("ask_")
    fitting = [one for one in found if one.field == kind and one.source == "catalogue"]
    if not fitting or question.wants("compare") or question.wants("together"):
        return None
    gone = kind == "stock" and fitting[0].quote == "0"
    if not gone and set(question.kinds) - {kind, "color", "material"}:
        return None
    if kind == "price" and _of_several(question):
        return None
    if kind == "stock" and not gone and (colours := lexicon().colours.find(question.cut)):
        field = next((one for one in found if one.source == "catalogue" and one.key is not None and "color" in one.kinds), None)
        listed = field is not None and all(_within(question, one, field.body) for one in colours)
        if not listed:
            return field
    left = _left(question, naming(title, found), kind)
    # Words of another language than the item's cannot be found in its title.
    foreign = spoken(asked.lang) != spoken(item.lang) and kind in question.kinds and len(left) <= _MOST_FOREIGN
    return _newest(fitting[0], found) if gone or foreign or not left else None


def _of_several(question: Reading) -> bool:
    """Whether it names an amount: the price of two, or of a pound, is not that of one."""
    links = links_of(question)
    for place, piece in enumerate(question.cut):
        after = question.cut[place + 1].text if place + 1 < len(question.cut) else ""
        counted = lexicon().units.exactly(after) - {"price"}
        if place not in links and (piece.text[0].isdigit() or (piece.text in _NUMERALS and counted)):
            return True
        if piece.text == "一" and counted - {"count"}:
            return True
    return False


def _within(question: Reading, colour: Found, listed: Reading) -> bool:
    said = {piece.text for piece in question.cut[colour.first : colour.first + colour.size]}
    return said <= {piece.text for piece in listed.cut}


def _left(question: Reading, named: Collection[str], kind: str) -> set[str]:
    """The terms that neither ask for the price or the stock, nor name the item or a variant of it."""
    asking = {term for phrase in question.asks if kind in phrase.meanings for term in question.terms_of(phrase)}
    signs = {sign for term in named for sign in term if not sign.isascii()} | {"色"}
    return {
        term
        for term in focus(question, ())
        if len(term) > 1 and term not in named and term not in asking and (term.isascii() or not signs.issuperset(term))
    }


def _newest(best: Candidate, found: Sequence[Candidate]) -> Candidate:
    """What the host said last of a price or a stock, in place of the catalogue's or of what was said before."""
    for kind in ("price", "stock"):
        if best.field == kind or (best.source == "host" and kind in best.kinds and kind == "price"):
            said = [one for one in found if one.source == "host" and kind in one.kinds and one.item_id is not None]
            return min(said, key=lambda one: (one.age_s, -one.offset), default=best)
    return best


def _preferred(scores: Floats, found: Sequence[Candidate]) -> Candidate:
    """The best candidate; of several that are nearly as good the host's newest words, then a field, then a sentence."""
    best = float(scores.max())
    near = [one for one, score in zip(found, scores, strict=True) if score >= best - _NEARLY and (score > 0 or score == best)]
    return min(near, key=lambda one: (one.source != "host", one.age_s, one.source == "policy", one.key is None))


def _answer(asked: Asked, intent: Intent, chosen: Candidate, confidence: float, found: Sequence[Candidate]) -> Answer:
    language = spoken(asked.lang, asked.item.lang if asked.item is not None else None)
    policy = asked.policies.get(chosen.field) if chosen.source == "policy" else None
    named = policy.called(chosen.field, language) if policy is not None else chosen.field.replace("_", " ")
    listed = None
    if chosen.field == "stock" and chosen.source == "catalogue":
        listed = next(((one.field, one.quote) for one in found if one.source == "catalogue" and "color" in one.kinds and one.key), None)
    text = in_words(chosen, asked.item, language, named, listed, asked.position)
    return Answer(text, language, intent, chosen.source, chosen.field, chosen.quote, chosen.offset, round(confidence, 4), chosen.item_id)
