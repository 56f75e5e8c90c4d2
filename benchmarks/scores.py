"""How far predictions agree with the labels of a room: items, intents, sentiment, answers, and the item on air.

A prediction is what `streamrec understand` writes; labels are described in benchmarks/rooms/README.md. A comment without a prediction
counts as one that nothing was understood of.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, get_args

from streamrec.events.speech import Intent, Sentiment

INTENTS, MOODS = get_args(Intent), get_args(Sentiment)
ANSWERED_BY_WORDS = 0.5
"""The least share of the pairs of characters of a gold answer without numbers that a right answer has too."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
Labels = Mapping[str, Any]
Row = dict[str, Any]


@dataclass(slots=True)
class Tally:
    """Hits, false finds and misses of one kind of thing."""

    hit: int = 0
    false: int = 0
    missed: int = 0

    def add(self, wanted: Iterable[object], found: Iterable[object]) -> None:
        """Count the things of two sets."""
        want, got = set(wanted), set(found)
        self.hit += len(want & got)
        self.false += len(got - want)
        self.missed += len(want - got)

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.hit + other.hit, self.false + other.false, self.missed + other.missed)

    @property
    def precision(self) -> float | None:
        return share(self.hit, self.hit + self.false)

    @property
    def recall(self) -> float | None:
        return share(self.hit, self.hit + self.missed)

    @property
    def f1(self) -> float:
        """1 where there was nothing to find and nothing was found."""
        both = 2 * self.hit + self.false + self.missed
        return 2 * self.hit / both if both else 1.0


@dataclass(slots=True)
class Comments:
    """The agreement of many comments with their labels."""

    items: Tally = field(default_factory=Tally)
    unwanted: Tally = field(default_factory=Tally)
    intents: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in INTENTS})
    moods: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in MOODS})
    count: Counter[str] = field(default_factory=Counter)
    """Of comments, by what they are and what became of them."""

    def add(self, labels: Labels, found: Labels) -> None:
        """Count one comment; `found` is empty where there is no prediction."""
        self.count["comments"] += 1
        refused = set(labels["unwanted"])
        meant, named = set(labels["items"]) - refused, [item if isinstance(item, str) else item[0] for item in found.get("items", ())]
        self.items.add(meant, named)
        self.unwanted.add(refused, found.get("unwanted", ()))
        if meant:
            self.count[f"ref {labels['ref']}"] += 1
            self.count[f"ref {labels['ref']} right"] += bool(named) and named[0] in meant
        elif not labels["items"]:
            self.count["nothing meant"] += 1
            self.count["nothing meant, item named"] += bool(named)
        for name, tally in self.intents.items():
            tally.add({name} & set(labels["intents"]), {name} & set(found.get("intents", ())))
        for mood, tally in self.moods.items():
            tally.add({mood} & {labels["sentiment"]}, {mood} & {found.get("sentiment", "neutral")})
        self._answer(labels.get("answer"), found.get("answer"))

    def _answer(self, gold: Labels | None, given: Labels | None) -> None:
        self.count["answers"] += bool(given)
        if gold is None:
            return
        kind = "unanswerable" if gold.get("unanswerable") else "answerable"
        self.count[kind] += 1
        self.count[f"{kind}, answered"] += bool(given)
        self.count["answers right"] += kind == "answerable" and given is not None and agrees(gold, given)

    def report(self) -> Row:
        """All figures, rounded to four places; None where there is nothing to divide by."""
        count = self.count
        refs = sorted(name.removeprefix("ref ") for name in count if name.startswith("ref ") and not name.endswith("right"))
        return {
            "comments": count["comments"],
            "items_precision": self.items.precision,
            "items_recall": self.items.recall,
            "items_f1": round(self.items.f1, 4),
            "best_item_right": {ref: [count[f"ref {ref} right"], count[f"ref {ref}"]] for ref in refs},
            "false_mention": share(count["nothing meant, item named"], count["nothing meant"]),
            "unwanted_f1": round(self.unwanted.f1, 4),
            "intent_f1": {name: round(tally.f1, 4) for name, tally in self.intents.items()},
            "intent_macro_f1": macro(self.intents),
            "intent_micro_f1": round(sum(self.intents.values(), Tally()).f1, 4),
            "sentiment_f1": {mood: round(tally.f1, 4) for mood, tally in self.moods.items()},
            "sentiment_macro_f1": macro(self.moods),
            "answers": count["answers"],
            "answer_precision": share(count["answers right"], count["answers"]),
            "answer_coverage": share(count["answerable, answered"], count["answerable"]),
            "wrong_on_unanswerable": share(count["unanswerable, answered"], count["unanswerable"]),
        }


def scores(gold: Iterable[Row], found: Mapping[str, Labels]) -> Row:
    """The report on labelled comments (rows of danmaku.jsonl) and the predictions by their ids."""
    comments = Comments()
    for row in gold:
        comments.add(row["labels"], found.get(row["id"], {}))
    return comments.report()


def agrees(gold: Labels, given: Labels) -> bool:
    """Whether an answer is right: about the gold item, where there is one; and with all numbers of the gold text or, where that has none,
    from the same field or with half of its pairs of characters."""
    if gold.get("item") and given.get("item") != gold["item"]:
        return False
    if needed := _numbers(gold.get("text")):
        return needed <= _numbers(given.get("text"))
    if gold.get("field") == given.get("field"):
        return True
    wanted = _pairs(gold.get("text"))
    return bool(wanted) and len(wanted & _pairs(given.get("text"))) >= ANSWERED_BY_WORDS * len(wanted)


def on_air(gold: Sequence[Row], found: Sequence[str | None]) -> Row:
    """How well the item on air was told from speech. Both in the order of the segments, each room on its own; `found` is the item after
    the segment was read.

    Segments count in which an item is sold. The delay of a change is in segments: 0 where the first one about the new item tells it;
    one that is never told while the item is sold has none, and counts as missed.
    """
    counted = [(row["item_id"], item) for row, item in zip(gold, found, strict=True) if row["item_id"] is not None]
    delays: list[int] = []
    missed, at = 0, 0
    last: dict[str, str] = {}
    while at < len(gold):
        room, item, end = gold[at]["room_id"], gold[at]["item_id"], at
        while end < len(gold) and (gold[end]["room_id"], gold[end]["item_id"]) == (room, item):
            end += 1
        # A pause between two segments about one item is no change.
        if item is not None and last.get(room) != item:
            told = [place - at for place in range(at, end) if found[place] == item]
            delays += told[:1]
            missed += not told
            last[room] = item
        at = end
    return {
        "segments": len(counted),
        "accuracy": share(sum(item == right for right, item in counted), len(counted)),
        "changes": len(delays) + missed,
        "missed": missed,
        "delay_p50": median(delays) if delays else None,
        "delay_max": max(delays, default=None),
    }


def share(part: float, whole: float) -> float | None:
    """A share, rounded to four places; None of nothing."""
    return round(part / whole, 4) if whole else None


def macro(tallies: Mapping[str, Tally]) -> float:
    """The mean F1, rounded to four places."""
    return round(sum(tally.f1 for tally in tallies.values()) / len(tallies), 4)


def _numbers(text: str | None) -> set[str]:
    return set(_NUMBER.findall(unicodedata.normalize("NFKC", text or "")))


def _pairs(text: str | None) -> set[str]:
    return {first + second for first, second in zip(text or "", (text or "")[1:], strict=False)}
