"""Reasons in words."""

from __future__ import annotations

from collections.abc import Mapping

from streamrec.events.types import RankedItem
from streamrec.ranking.reasons.languages import DEFAULT, Language, words

BECAUSE, BOUGHT, ASKED, PRAISED = (
    {code for code, sentence in words().with_facts.items() if f"{{{fact}}}" in sentence}
    for fact in ("because", "bought", "asked", "praised")
)
"""Codes whose sentence names an item of the user's own, how many bought the item, what the user asked about it, what viewers praise."""


def in_words(item: RankedItem, titles: Mapping[str, str], language: Language = DEFAULT) -> list[str]:
    """The reasons of a ranked item as sentences; `titles` names items by id. An unknown code, of a newer worker, stands for itself."""
    told = words(language)
    facts = {
        "because": titles.get(item.because, item.because) if item.because else None,
        "bought": item.bought_7d,
        "asked": told.asked.get(item.asked_about or ""),
        "praised": told.praised.get(item.praised_for or ""),
    }
    return [_sentence(code, facts, language) for code in item.reasons]


def _sentence(code: str, facts: Mapping[str, str | int | None], language: Language) -> str:
    kind, _, rule = code.partition(":")
    language_words = words(language)
    if kind not in language_words.sentences:
        return code
    sentence, longer = language_words.sentences[kind], language_words.with_facts.get(kind)
    if longer and all(value is not None for name, value in facts.items() if f"{{{name}}}" in longer):
        sentence = longer
    # By replacement, not by format: braces in a title must stay braces.
    for name, value in {**facts, "rule": rule}.items():
        sentence = sentence.replace(f"{{{name}}}", str(value))
    return sentence
