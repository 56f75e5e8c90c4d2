"""How well each candidate fits a question, in numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import regex
from numpy.typing import NDArray

from streamrec.events.speech import Intent
from streamrec.understanding.answers.candidates import Candidate
from streamrec.understanding.answers.focus import focus
from streamrec.understanding.answers.lexicon import kinds_of, of_other_intents
from streamrec.understanding.answers.terms import Reading

Floats = NDArray[np.float64]
Bonds = Mapping[str, Mapping[str, float]]
"""By a word of a question the words of candidates that answer it, with how much more often than by chance (logarithm), learned."""

NAMES: Final = (
    "covered",
    "covered_rest",
    "covers",
    "key_covered",
    "key_whole",
    "body_covered",
    "sounds",
    "longest",
    "asked_kind",
    "asked_kind_surely",
    "of_other_kind",
    "told_kind",
    "nothing_asked",
    "nothing_left",
    "number_wanted",
    "number_missing",
    "time_wanted",
    "yes_no_covered",
    "intent_kind",
    "not_intent_kind",
    "bond",
    "bond_mean",
    "is_price",
    "is_stock",
    "is_attribute",
    "is_sentence",
    "is_host",
    "is_policy",
    "old",
    "compares",
    "clock_missing",
    "judges",
    "echoes",
    "length",
)
AHEAD: Final = ("covered", "key_covered", "body_covered", "covers", "bond_mean", "bond", "longest", "sounds")
"""Features of which it counts too how far a candidate is ahead of the best other one."""
COLUMNS: Final = (*NAMES, *(f"{name}_ahead" for name in AHEAD), "share_of_kind", "best_covered")
_AHEAD = [NAMES.index(name) for name in AHEAD]
_LONGEST = 6
_CLOCK = regex.compile(r"\d[点:]|点钟|[一二三四五六七八九十]点|\d\s?(?:am|pm)\b|o'clock|noon|中午|giờ")
_MOST_LEFT = 4.0


def features(question: Reading, title: Reading | None, intents: Sequence[Intent], found: Sequence[Candidate], bonds: Bonds) -> Floats:
    """Of shape (candidates, features), in the order of COLUMNS."""
    terms = focus(question, naming(title, found))
    everywhere: dict[str, int] = {}
    for one in found:
        for term in _terms(one):
            everywhere[term] = everywhere.get(term, 0) + 1
    weights = {term: weight * math.log1p(len(found) / (0.5 + everywhere.get(term, 0))) for term, weight in terms.items()}
    whole = sum(weights.values())
    asked = question.kinds
    meant = kinds_of(intents)
    general = tuple(question.wants(want) for want in ("number", "time", "yes_no", "compare", "clock", "judge"))
    rows = [_row(question, one, weights, whole, asked, meant, intents, general, bonds) for one in found]
    return _compared(np.array(rows, np.float64).reshape(len(found), len(NAMES)))


def _compared(rows: Floats) -> Floats:
    """The features, and beside them how each candidate compares with the others."""
    if not len(rows):
        return np.zeros((0, len(COLUMNS)))
    values = rows[:, _AHEAD]
    ordered = np.sort(np.vstack([values, np.zeros_like(values[:1])]), axis=0)
    ahead = values - np.where(values == ordered[-1], ordered[-2], ordered[-1])
    kind = rows[:, NAMES.index("asked_kind")]
    best = np.full(len(rows), rows[:, NAMES.index("covered")].max())
    return np.column_stack([rows, ahead, kind / max(1.0, kind.sum()), best])


def _row(
    question: Reading,
    one: Candidate,
    weights: dict[str, float],
    whole: float,
    asked: dict[str, float],
    meant: frozenset[str],
    intents: Sequence[Intent],
    general: Sequence[bool],
    bonds: Bonds,
) -> list[float]:
    key = one.key.terms if one.key is not None else {}
    body = one.body.terms
    in_key = sum(weight for term, weight in weights.items() if term in key)
    in_body = sum(weight for term, weight in weights.items() if term in body)
    in_either = sum(weight for term, weight in weights.items() if term in key or term in body)
    number, time, yes_no, compares, clock, judge = general
    surest = max(asked.values(), default=0.0)
    kind = max((asked[kind] for kind in one.kinds if kind in asked), default=0.0)
    told = kind > 0 and one.key is None
    bond, bond_mean = _bond(question, one, bonds)
    size = sum(body.values())
    return [
        in_either / whole if whole else 0.0,
        min(whole - in_either, _MOST_LEFT) / _MOST_LEFT,
        sum(body[term] for term in weights if term in body) / math.sqrt(size) if size else 0.0,
        in_key / whole if whole else 0.0,
        sum(key[term] for term in weights if term in key) / total if (total := sum(key.values())) else 0.0,
        in_body / whole if whole else 0.0,
        len(question.sounds & (one.body.sounds | (one.key.sounds if one.key is not None else frozenset()))) / max(1, len(question.sounds)),
        min(_LONGEST, _common(question, one)) / _LONGEST,
        float(kind > 0),
        kind / surest if surest else 0.0,
        float(bool(asked) and bool(one.kinds) and kind == 0),
        float(told),
        float(not asked),
        float(whole == 0),
        float(number and one.body.numbers),
        float(number and not one.body.numbers),
        float(time and "time" in one.body.tells),
        float(yes_no) * (in_either / whole if whole else 0.0),
        float(bool(meant & one.kinds)),
        float(bool(meant) and bool(one.kinds) and not meant & one.kinds)
        + float(intents == ["ask_quality"] and of_other_intents(one.kinds)),
        bond,
        bond_mean,
        float(one.field == "price" and one.source == "catalogue"),
        float(one.field == "stock" and one.source == "catalogue"),
        float(one.source == "catalogue" and one.key is not None),
        float(one.field == "description"),
        float(one.source == "host"),
        float(one.source == "policy"),
        math.log1p(one.age_s / 60),
        float(compares),
        float(clock and not _CLOCK.search(one.body.folded)),
        float(judge),
        sum(weight for term, weight in body.items() if term in question.terms) / size if size else 0.0,
        math.log1p(size),
    ]


def naming(title: Reading | None, found: Sequence[Candidate]) -> set[str]:
    """The terms that name an item: those of its title and of its colours."""
    colours = {
        term for one in found if one.source == "catalogue" and one.key is not None and "color" in one.kinds for term in one.body.terms
    }
    return colours | set(title.terms if title is not None else ())


def _terms(one: Candidate) -> set[str]:
    return {*one.body.terms, *(one.key.terms if one.key is not None else ())}


def _common(question: Reading, one: Candidate) -> int:
    """The longest run of pieces that both have, in Chinese characters or twice the words."""
    mine = [piece.text for piece in question.cut]
    best = 0
    for other in (one.body.cut, one.key.cut if one.key is not None else []):
        theirs = [piece.text for piece in other]
        before = [0] * (len(theirs) + 1)
        for place, piece in enumerate(mine):
            now = [0] * (len(theirs) + 1)
            for at, that in enumerate(theirs):
                if piece == that and place not in question.idle:
                    now[at + 1] = before[at] + (1 if len(piece) == 1 and not piece.isascii() else 2)
                    best = max(best, now[at + 1])
            before = now
    return best


def _bond(question: Reading, one: Candidate, bonds: Bonds) -> tuple[float, float]:
    """How strongly words of questions like this go with words of candidates like this: the strongest pair, and the mean of each word's."""
    if not bonds:
        return 0.0, 0.0
    words = _terms(one)
    best = [max((value for word, value in bonds[term].items() if word in words), default=0.0) for term in question.terms if term in bonds]
    return (max(best), sum(best) / len(best)) if best else (0.0, 0.0)
