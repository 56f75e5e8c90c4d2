"""How good lists of several blends are on the same orders, beside those of the fusion baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from streamrec.bert.blends import Repeats
from streamrec.errors import InputError
from streamrec.evaluation.baselines.baseline_lists import ListFiles
from streamrec.evaluation.baselines.run import rank
from streamrec.evaluation.bootstrap import ratios
from streamrec.evaluation.evaluator import Evaluator, ListScores
from streamrec.evaluation.list_files import FileList, ListedItem
from streamrec.events.codec import encode
from streamrec.events.files import read_events, read_items
from streamrec.ranking.scorers.blend import Blend
from streamrec.training.data.own_orders import Shop
from streamrec.training.data.rolls import Sample

K = 10
LISTED = 50
"""Items of a list that are kept: what was listed at the moment of the order is taken out before ten are judged."""
FUSION = "fusion"
MODES: dict[Repeats, str] = {"allow": "all", "exclude": "new"}
"""What lists of each way of ranking are judged by: all items of the order, or those new to the viewer."""


class Bench:
    """The orders of a shop from `checked_from` on, before which every list is made."""

    def __init__(self, shop: Shop, folder: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Lists are written into `folder`; `progress` is told of events that the fusion has seen, and of how many there are."""
        self._folder = folder
        items = read_items(shop.items)
        lines = [line for line in read_events(shop.events) if getattr(line.event, "ts", shop.until) < shop.until]
        self._evaluator = Evaluator(lines, items, K)
        self.without_fusion = "" if find_spec("scipy") is not None else "it needs scipy: pip install 'streamrec[quality]'"
        if self.without_fusion:
            return
        try:
            ranked = rank(items, lines, shop.checked_from, names=(FUSION,), k=LISTED, progress=lambda done: progress(done, len(lines)))
            with ListFiles(folder) as files:
                for made in ranked:
                    files.write(made)
        except InputError as error:  # too many items for its tables
            self.without_fusion = str(error)

    def compare(
        self,
        mode: Repeats,
        samples: Sequence[Sample],
        ids: Sequence[str],
        blends: Mapping[str, Blend],
        hidden: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """`lists`, NDCG@10 of each blend and of the fusion, and the first blend's as a multiple of each other one, with 95 % intervals.

        All are judged on the same orders; `hidden` names, for some blends, features that they rank without.
        """
        files = {name: self._folder / f"{name}-{mode}.jsonl" for name in blends}
        for name, blend in blends.items():
            _write(files[name], _lists(samples, ids, blend, hidden.get(name, ())))
        fusion = self._folder / f"{FUSION}-{mode}.jsonl"
        if not self.without_fusion and fusion.is_file():
            files[FUSION] = fusion
        scores = {name: self._evaluator.scores(path).modes[MODES[mode]] for name, path in files.items()}
        return _beside(scores)


def _beside(scores: Mapping[str, ListScores]) -> dict[str, Any]:
    common = reduce(np.intersect1d, [each.order for each in scores.values()])
    rows = {name: each.rows(np.isin(each.order, common)) for name, each in scores.items()}
    rows = {name: each.rows(np.argsort(each.order)) for name, each in rows.items()}
    gains = {name: each.metrics["ndcg"] for name, each in rows.items()}
    first = next(iter(rows))
    users = rows[first].user
    report: dict[str, Any] = {"lists": len(common)}
    report["ndcg@10"] = {name: round(float(values.mean()), 4) if len(values) else None for name, values in gains.items()}
    others = {name: values for name, values in gains.items() if name != first}
    times = ratios(dict.fromkeys(others, gains[first]), others, users)
    report["times"] = {name: [round(bound, 3) if np.isfinite(bound) else None for bound in times[name]] for name in others}
    return report


def _lists(samples: Iterable[Sample], ids: Sequence[str], blend: Blend, hidden: Sequence[str]) -> Iterable[FileList]:
    for sample in samples:
        assert sample.trigger is not None
        known = sample.without(hidden) if hidden else sample
        scores = blend.score(known.features[None].astype(np.float32))[0]
        best = sample.slots[np.argsort(-scores, kind="stable")[:LISTED]]
        places = [ListedItem(ids[slot], place) for place, slot in enumerate(best.tolist(), 1)]
        yield FileList(sample.trigger.event_id, sample.user_id, sample.trigger, places)


def _write(path: Path, lists: Iterable[FileList]) -> None:
    with path.open("wb") as file:
        file.writelines(chain.from_iterable((encode(made), b"\n") for made in lists))
