"""Rolls once over a file of events and keeps what is known before every order: a file for each month and way of ranking.

    python -m benchmarks.quality.recorded --items FILE --events FILE --from MS --until MS --model DIR --out DIR

The code that serves keeps the state and finds the candidates; what counts as shown is the plain blend's list, which has seen no order.
The cross-encoder is left out. Features are kept in half precision.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.progress import Progress

from benchmarks.quality.flags import parser
from benchmarks.quality.modes import REPEATS
from benchmarks.quality.periods import month_of
from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.types import Recommendation, Trigger
from streamrec.ranking.scorers.blend import Blend
from streamrec.settings import Settings
from streamrec.training.data.rolls import Recording, Sample

NAMES = "items.json"


class Kept(NamedTuple):
    """A list that could be made: for whom, in answer to what, and its sample, whose `slots` are places in the table of items.

    `closed` is the time (ms) of the last line of the order that began with the trigger.
    """

    user_id: str
    trigger: Trigger
    closed: int
    sample: Sample


class Table:
    """Numbers for the ids of items, in the order in which they are met."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, catalogue: Catalogue, sample: Sample) -> np.ndarray:
        """The numbers of a sample's candidates."""
        numbers, ids = self._numbers, catalogue.items.ids
        return np.array([numbers.setdefault(ids[slot], len(numbers)) for slot in sample.slots.tolist()], np.int32)

    def save(self, folder: Path) -> None:
        """Write the ids, in the order of their numbers."""
        (folder / NAMES).write_text(json.dumps(list(self._numbers)))


def record(settings: Settings, items: Path, events: Path, span: tuple[int, int], out: Path, progress: Progress) -> int:
    """Write the lists of `span` (ms, the end excluded) into the folder `out`; gives how many there are.

    No more than a month is held in memory.
    """
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.npz"):
        old.unlink()
    settings = settings.model_copy(update={"cross_pairs": 0})
    recording = Recording.over(settings, items, events, span, {repeats: Blend.plain() for repeats in REPEATS.values()})
    table, month, count = Table(), "", 0
    held: dict[str, list[Kept]] = {mode: [] for mode in REPEATS}
    for made, samples in recording.collect(progress):
        if month_of(made.trigger.ts) != month:
            _flush(held, out, month)
            month = month_of(made.trigger.ts)
        for mode, repeats in REPEATS.items():
            held[mode].append(_kept(recording, made, samples[repeats], table))
        count += 1
    _flush(held, out, month)
    table.save(out)
    return count


def _kept(recording: Recording, made: Recommendation, sample: Sample, table: Table) -> Kept:
    orders = recording.orders
    numbers = table.of(recording.catalogue, sample)
    thin = Sample(sample.ts, sample.features.astype(np.float16), sample.ordered, sample.relevant, numbers)
    return Kept(made.user_id, made.trigger, orders.end[orders.of_line[made.trigger.offset]], thin)


def _flush(held: dict[str, list[Kept]], out: Path, month: str) -> None:
    for mode, lists in held.items():
        if lists:
            samples = [kept.sample for kept in lists]
            np.savez(
                _file(out, month, mode),
                features=np.concatenate([sample.features for sample in samples]),
                items=np.concatenate([sample.slots for sample in samples]),
                ordered=np.concatenate([sample.ordered for sample in samples]),
                sizes=np.array([len(sample.slots) for sample in samples]),
                relevant=np.array([sample.relevant for sample in samples]),
                closed=np.array([kept.closed for kept in lists]),
                users=np.array([kept.user_id for kept in lists]),
                triggers=np.array([json.dumps(_names(kept.trigger)) for kept in lists]),
            )
            lists.clear()


def read(folder: Path, mode: str, since: int, until: int) -> Iterator[Kept]:
    """The lists of orders that began at `since` (ms) or later and were over before `until`, in time order; features in half precision."""
    for path in sorted(folder.glob(f"*-{mode}.npz")):
        if not month_of(since) <= path.name.removesuffix(f"-{mode}.npz") <= month_of(until - 1):
            continue
        with np.load(path) as kept:
            columns = {name: kept[name] for name in kept.files}
        ends = np.cumsum(columns["sizes"])
        for at, (end, size) in enumerate(zip(ends.tolist(), columns["sizes"].tolist(), strict=True)):
            trigger, closed = Trigger(**json.loads(str(columns["triggers"][at]))), int(columns["closed"][at])
            if trigger.ts < since or closed >= until:
                continue
            rows = slice(end - size, end)
            features, ordered, items = (columns[name][rows] for name in ("features", "ordered", "items"))
            yield Kept(
                str(columns["users"][at]), trigger, closed, Sample(trigger.ts, features, ordered, int(columns["relevant"][at]), items)
            )


def read_names(folder: Path) -> list[str]:
    """The ids of the items, by number."""
    names: list[str] = json.loads((folder / NAMES).read_text())
    return names


def _file(folder: Path, month: str, mode: str) -> Path:
    return folder / f"{month}-{mode}.npz"


def _names(trigger: Trigger) -> dict[str, str | int]:
    return {name: getattr(trigger, name) for name in trigger.__struct_fields__}


def main() -> None:
    """Record a span."""
    asked = parser(__doc__, ("items", "events", "model", "out"))
    flags = vars(asked.parse_args())
    settings = Settings(model=flags["model"])
    with Progress(disable=True) as progress:
        count = record(settings, flags["items"], flags["events"], (flags["from"], flags["until"]), flags["out"], progress)
    print(f"{count} lists in {flags['out']}")


if __name__ == "__main__":
    main()
