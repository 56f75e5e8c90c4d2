"""Lets a language model phrase selling points, and takes its words only where they are grounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streamrec.events.types import Item
from streamrec.understanding.answers.languages import words
from streamrec.understanding.points.claims import Claims
from streamrec.understanding.points.grounding import sources, ungrounded
from streamrec.understanding.points.points import Point

Messages = list[dict[str, str]]
LONGEST = 400
"""Characters of a text that is taken: more is no selling line."""


@dataclass(frozen=True, slots=True)
class Written:
    """The points as one text; `by` says who phrased it, `refused` which clauses of the model were not grounded or why it said nothing."""

    text: str
    by: str
    refused: tuple[str, ...] = ()


def template(points: Sequence[Point], language: str) -> str:
    """The points as they stand, one after another."""
    return ("；" if language == "zh" else "; ").join(point.text for point in points)


def messages(item: Item, points: Sequence[Point], language: str) -> Messages:
    """What a model is asked: to phrase these facts, and nothing else."""
    told = "\n".join(f"- {point.text}" for point in points)
    return [
        {
            "role": "system",
            "content": "You phrase facts about a product for one viewer of a live shop. Use only the facts given, with their exact words, "
            "numbers and units. One fact for each sentence. Add no praise, no comparison, no effect on health, no promise. "
            f"Write {words(language).name}, at most {LONGEST // 2} characters. Answer with the text alone.",
        },
        {"role": "user", "content": f"Product: {item.title}\nFacts:\n{told}"},
    ]


def written(item: Item, points: Sequence[Point], language: str, claims: Claims, ask: Callable[[Messages], str] | None = None) -> Written:
    """The points as a text: a model's, where `ask` gives one and every clause of it is grounded; else by the template.

    `ask` sends messages to a model and returns its text; an OSError or ValueError of it costs the model's words and nothing else.
    """
    plain = template(points, language)
    if ask is None or not points:
        return Written(plain, "template")
    try:
        text = ask(messages(item, points, language)).strip()
    except (OSError, ValueError) as exc:
        return Written(plain, "template", (f"the model did not answer: {exc}",))
    if not text or len(text) > LONGEST:
        return Written(plain, "template", ("the model wrote nothing, or too much",))
    wrong = ungrounded(text, sources(item, claims), claims)
    return Written(plain, "template", tuple(wrong)) if wrong else Written(text, "model")
