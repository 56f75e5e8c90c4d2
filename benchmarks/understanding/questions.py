"""How well questions of real shoppers are answered: which candidate comes first, and how many can be answered surely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.scores import Row, share

PRECISION = 0.9
"""The precision at which the share of answered questions is told."""


class Ranked(NamedTuple):
    """A question: whether each candidate answers it, best first, and how sure it is that the first does."""

    right: Sequence[bool]
    confidence: float


def figures(questions: Sequence[Ranked]) -> Row:
    """P@1 and MAP over the questions that have an answer; and over all of them the share that can be answered at 90 % precision."""
    answerable = [one for one in questions if any(one.right)]
    return {
        "questions": len(questions),
        "unanswerable": len(questions) - len(answerable),
        "p_at_1": share(sum(one.right[0] for one in answerable), len(answerable)),
        "map": share(sum(_average_precision(one.right) for one in answerable), len(answerable)),
        "answered_at_90": share(_surely(questions), len(questions)),
    }


def risk_coverage(questions: Sequence[Ranked], threshold: float) -> Row:
    """What is answered from a confidence on, and how much of that is right."""
    given = [one for one in questions if one.right and one.confidence >= threshold]
    return {"answered": share(len(given), len(questions)), "precision": share(sum(one.right[0] for one in given), len(given))}


def _average_precision(right: Sequence[bool]) -> float:
    places = [place for place, one in enumerate(right, 1) if one]
    return sum(found / place for found, place in enumerate(places, 1)) / len(places)


def _surely(questions: Sequence[Ranked]) -> int:
    """The most questions that can be answered, the surest first, with at least PRECISION of the answers right."""
    most = right = 0
    ordered = sorted((one for one in questions if one.right), key=lambda one: -one.confidence)
    for count, one in enumerate(ordered, 1):
        right += one.right[0]
        # Questions of one confidence are answered together or not at all.
        last = count == len(ordered) or ordered[count].confidence < one.confidence
        if last and right >= PRECISION * count:
            most = count
    return most
