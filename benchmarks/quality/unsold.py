"""Items that nobody has bought yet: how often the one that is bought next stands before another, in streamrec's ranking and by TF-IDF.

    python -m benchmarks.quality.unsold --items FILE --events FILE --recorded DIR --blend all=FILE --blend new=FILE \
        --from MS --until MS --text-from MS --out FILE

For every order with such items of viewers who have bought before: the AUC among all that are listed and never sold. What streamrec did
not take as a candidate ties behind its candidates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality.flags import parser
from benchmarks.quality.modes import REPEATS
from benchmarks.quality.ranking import scores
from benchmarks.quality.recorded import Kept, read, read_names
from streamrec.bert.blends import read_blend
from streamrec.evaluation.baselines.content import Content
from streamrec.evaluation.baselines.ease import Ease
from streamrec.evaluation.baselines.market import Market
from streamrec.evaluation.baselines.query import Query
from streamrec.evaluation.baselines.run import Order, in_time_order, orders
from streamrec.events.files import FileEvent, read_events, read_items
from streamrec.events.types import Item
from streamrec.ranking.scorers.blend import Blend

TF_IDF = "tf-idf"
OURS = "streamrec, {} items"


def auc_of(values: np.ndarray, relevant: np.ndarray) -> float:
    """The chance that one of the `relevant` has a higher value than one of the others; a tie counts half."""
    differences = values[relevant][:, None] - values[~relevant][None, :]
    return float(np.mean((differences > 0) + (differences == 0) / 2))


class Unsold:
    """The orders with items that were listed and had never sold."""

    def __init__(self, items: Sequence[Item], lines: Sequence[FileEvent], since: int) -> None:
        self._lines, self._since = lines, since
        self._market, self._content = Market(items), Content.of_words(items, since)

    def asked(self) -> Iterator[tuple[Order, Query, np.ndarray, np.ndarray]]:
        """Each of these orders, the numbers of all such items, and which of them were ordered."""
        for order in orders(self._lines, self._market, self._since):
            query = Query(self._market, self._content, Ease(), order.purchase.user_id, order.purchase.ts)
            (pool,) = np.nonzero(query.known & (self._market.sold == 0))
            relevant = np.isin(pool, order.items)
            if relevant.any() and not relevant.all() and len(query.distinct):
                yield order, query, pool, relevant

    def compare(
        self, lists: dict[str, dict[int, Kept]], names: Sequence[str], blends: dict[str, Blend], text_from: int
    ) -> list[dict[str, Any]]:
        """For every such order its user and each ranking's AUC; `lists` by mode and line of the trigger, `names` by number in them."""
        number = {name: at for at, name in enumerate(names)}
        rows = []
        for order, query, pool, relevant in self.asked():
            if any(order.trigger.line not in of_mode for of_mode in lists.values()):
                continue
            row: dict[str, Any] = {"user": query.user_id}
            row[TF_IDF] = auc_of(query.likeness[1, pool], relevant)
            known = np.array([number.get(self._market.names[item], -1) for item in pool.tolist()])
            for mode, blend in blends.items():
                sample = lists[mode][order.trigger.line].sample
                values = np.full(len(names) + 1, -np.inf)
                values[sample.slots] = scores(blend, sample, text_from)
                # Infinities have no difference: behind all others, but finite.
                row[OURS.format(mode)] = auc_of(np.maximum(values[known], -1e9), relevant)
            rows.append(row)
        return rows


def main() -> None:
    """Write a row for every order."""
    asked = parser(__doc__, ("items", "events", "recorded", "out"), ("from", "until", "text-from"))
    asked.add_argument("--blend", action="append", required=True)
    flags: dict[str, Any] = vars(asked.parse_args())
    files = dict(word.split("=", 1) for word in flags["blend"])
    blends = {mode: read_blend(Path(files[mode]))[0] for mode in REPEATS}
    lists = {mode: {kept.trigger.offset: kept for kept in read(flags["recorded"], mode, flags["from"], flags["until"])} for mode in REPEATS}
    lines = in_time_order(read_events(flags["events"]), flags["until"])
    rows = Unsold(read_items(flags["items"]), lines, flags["from"]).compare(
        lists, read_names(flags["recorded"]), blends, flags["text_from"]
    )
    flags["out"].write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
