"""What text adds: the same linear blend without text, with TF-IDF, with MiniLM as it is, and with the model's own encoder.

    python -m benchmarks.quality.text --items FILE --events FILE --from MS --until MS --model DIR --out DIR [--zero-shot without]

The encoder was fine-tuned on purchases before the measured time; a blend that is fitted to those would trust it too much. Each blend is
therefore fitted to the measured orders of one half of the users and ranks for the other half: fair between the four, too kind to all of
them beside systems that saw no measured order. Items that were never sold are ranked among themselves by likeness alone.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality.flags import parser
from benchmarks.quality.modes import REPEATS
from benchmarks.quality.unsold import auc_of
from streamrec.bert.model import TextModel
from streamrec.evaluation.baselines.baseline_lists import ListFiles
from streamrec.evaluation.baselines.content import Content
from streamrec.evaluation.baselines.ease import Ease
from streamrec.evaluation.baselines.features import BEHAVIOUR, TEXT, Samples, behaviour, text
from streamrec.evaluation.baselines.learned import fit_linear
from streamrec.evaluation.baselines.market import Market
from streamrec.evaluation.baselines.query import Query
from streamrec.evaluation.baselines.run import Order, Ranked, in_time_order, orders, top
from streamrec.events.files import FileEvent, read_events, read_items
from streamrec.events.types import Item

PLACES = 100
HALVES = (0, 1)


def contents(items: Sequence[Item], since: int, model: Path, zero_shot: bool) -> dict[str, Content]:
    """The ways to compare titles, by name."""
    titles = [item.title for item in items]
    fine_tuned = TextModel.load(model)
    found = {
        "tf-idf": Content.of_words(items, since),
        "fine-tuned": Content(fine_tuned.encode(fine_tuned.tokenize(titles, fine_tuned.max_item_tokens))),
    }
    if zero_shot:
        from streamrec.training.data.teacher import Teacher

        found["zero-shot"] = Content(Teacher().vectors(titles).numpy())
    return found


class Study:
    """Two passes over the measured orders: one gathers what the blends are fitted to, one ranks."""

    def __init__(self, items: Sequence[Item], lines: Sequence[FileEvent], since: int, texts: dict[str, Content]) -> None:
        self._items, self._lines, self._since, self._texts = items, lines, since, texts
        self._rng = np.random.default_rng(0)

    def queries(self) -> Any:
        """Each order with its question."""
        market, ease = Market(self._items), Ease()
        content = self._texts["tf-idf"]
        for order in orders(self._lines, market, self._since):
            yield order, Query(market, content, ease, order.purchase.user_id, order.purchase.ts)

    def features(self, query: Query, candidates: Any) -> Any:
        """(candidates, features): behaviour, then TEXT for every text."""
        return np.hstack([behaviour(query, candidates), *(text(query, candidates, content) for content in self._texts.values())])

    def columns(self, name: str | None) -> list[int]:
        """The columns of behaviour and of one text."""
        base = list(range(len(BEHAVIOUR)))
        if name is None:
            return base
        start = len(BEHAVIOUR) + len(TEXT) * list(self._texts).index(name)
        return base + list(range(start, start + len(TEXT)))

    def fit(self) -> dict[tuple[str, str, int], Any]:
        """The weights by system, mode and the half of the users that they were fitted to."""
        samples = {(mode, half): Samples(half) for mode in REPEATS for half in HALVES}
        for order, query in self.queries():
            for mode in REPEATS:
                candidates, relevant = _ask(query, order, mode)
                if len(relevant):
                    samples[mode, _half(query.user_id)].add(query, candidates, relevant, self.features(query, candidates))
        found = {}
        for (mode, half), gathered in samples.items():
            if not len(gathered):
                continue
            rows, *rest = gathered.arrays()
            for name in (None, *self._texts):
                found[_system(name), mode, half] = fit_linear(rows[:, self.columns(name)], *rest)
        return found

    def rank(self, files: ListFiles) -> list[dict[str, Any]]:
        """Write the lists; gives, for each order with items that were never sold, the AUC among these of every text."""
        weights, unsold = self.fit(), []
        for order, query in self.queries():
            debuts = np.unique([item for item in order.items if not query.market.sold[item]]).astype(np.int64)
            if 0 < len(debuts) < np.sum(query.market.sold == 0) and len(query.distinct):
                unsold.append(self._among_unsold(query, debuts))
            for mode, repeats in REPEATS.items():
                candidates, _ = _ask(query, order, mode)
                made = self.features(query, candidates)
                for name in (None, *self._texts):
                    blend = weights.get((_system(name), mode, 1 - _half(query.user_id)))
                    if blend is None:
                        continue
                    scores = np.zeros(len(candidates))
                    scores[candidates] = made[:, self.columns(name)] @ blend
                    best, values = top(scores, candidates, PLACES, self._rng)
                    files.write(Ranked(_system(name), repeats, order.trigger, [query.market.names[at] for at in best], values))
        return unsold

    def _among_unsold(self, query: Query, debuts: Any) -> dict[str, Any]:
        (pool,) = np.nonzero(query.market.sold == 0)
        found: dict[str, Any] = {"user": query.user_id}
        for name, content in self._texts.items():
            found[name] = auc_of(content.likeness(query.distinct, query.weights)[1, pool], np.isin(pool, debuts))
        return found


def _ask(query: Query, order: Order, mode: str) -> tuple[Any, Any]:
    """Candidates and the relevant of them."""
    candidates = query.known & ~query.owned if mode == "new" else query.known
    relevant = np.unique(np.array(order.items, np.int64))
    return candidates, relevant[candidates[relevant]]


def _half(user_id: str) -> int:
    return zlib.crc32(user_id.encode()) % 2


def _system(name: str | None) -> str:
    return f"text-{name or 'none'}"


def main() -> None:
    """Write the lists, and never-sold.json beside them."""
    asked = parser(__doc__, ("items", "events", "model", "out"))
    asked.add_argument("--zero-shot", choices=("with", "without"), default="without")
    flags = vars(asked.parse_args())
    items, since = read_items(flags["items"]), flags["from"]
    texts = contents(items, since, flags["model"], flags["zero_shot"] == "with")
    lines = in_time_order(read_events(flags["events"]), flags["until"])
    with ListFiles(flags["out"]) as files:
        unsold = Study(items, lines, since, texts).rank(files)
    (flags["out"] / "never-sold.json").write_text(json.dumps(unsold))


if __name__ == "__main__":
    main()
