"""Writes the lists that blends give for what was recorded in a period: a file for each blend.

    python -m benchmarks.quality.ranking --recorded DIR --mode all --from MS --until MS --text-from MS --out DIR [--blend NAME=FILE …]

Lists before --text-from are ranked without text. The plain blend needs no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.quality.flags import parser
from benchmarks.quality.modes import REPEATS
from benchmarks.quality.recorded import Kept, read, read_names
from streamrec.bert.blends import read_blend
from streamrec.evaluation.list_files import FileList, ListedItem
from streamrec.ranking.batch.order import best_first, keys
from streamrec.ranking.features.schema import POSITION, TEXT
from streamrec.ranking.ranker import DECIMALS
from streamrec.ranking.scorers.blend import Blend
from streamrec.training.data.rolls import Sample

K = 100
BLANKED = [POSITION[name] for name in TEXT]


def scores(blend: Blend, sample: Sample, text_from: int) -> np.ndarray:
    """(candidates,): what the ranker would score them, in half the precision of its features; without text before `text_from` (ms)."""
    features = sample.features[None].astype(np.float32)
    if sample.ts < text_from:
        features[..., BLANKED] = 0.0
    return np.round(blend.score(features)[0].astype(np.float64), DECIMALS)


class Lister:
    """Lists as the ranker chooses them without rules and diversity: by score, ties by id."""

    def __init__(self, names: list[str], text_from: int) -> None:
        self._names, self._text_from = names, text_from
        self._id_rank = np.argsort(np.argsort(np.array(names)))

    def of(self, blend: Blend, kept: Kept) -> FileList:
        """The best K."""
        numbers = kept.sample.slots
        ordered_by = keys(scores(blend, kept.sample, self._text_from)[None], self._id_rank[numbers][None])
        best = numbers[best_first(ordered_by, K)[0]]
        listed = [ListedItem(self._names[number], rank) for rank, number in enumerate(best.tolist(), 1)]
        return FileList(f"{kept.trigger.topic}-0-{kept.trigger.offset}", kept.user_id, kept.trigger, listed)


def write(lists: Iterable[Kept], blends: Mapping[str, Blend], lister: Lister, out: Path) -> None:
    """Write NAME.jsonl for every blend into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    encode = msgspec.json.Encoder().encode
    with ExitStack() as stack:
        files = {name: stack.enter_context((out / f"{name}.jsonl").open("wb")) for name in blends}
        for kept in lists:
            for name, blend in blends.items():
                files[name].write(encode(lister.of(blend, kept)) + b"\n")


def main() -> None:
    """Rank a period by the named blends, and by the plain one."""
    asked = parser(__doc__, ("recorded", "out"), ("from", "until", "text-from"))
    asked.add_argument("--mode", choices=REPEATS, required=True)
    asked.add_argument("--blend", action="append", default=[])
    flags: dict[str, Any] = vars(asked.parse_args())
    named = [word.partition("=") for word in flags["blend"]]
    blends = {name: read_blend(Path(path))[0] for name, _, path in named} | {"plain": Blend.plain()}
    lists = read(flags["recorded"], flags["mode"], flags["from"], flags["until"])
    write(lists, blends, Lister(read_names(flags["recorded"]), flags["text_from"]), flags["out"])


if __name__ == "__main__":
    main()
