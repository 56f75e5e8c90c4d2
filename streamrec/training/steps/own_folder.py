"""A model folder of a shop's own: blends trained on its orders, checked on the last of them, beside the graphs of another folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from msgspec import convert, to_builtins
from rich.progress import Progress

from streamrec.bert.blends import Repeats, Scoring, file_name, find_blend
from streamrec.bert.fitness import faults
from streamrec.bert.folder import BLENDS, ModelFolder, revision_of, seal
from streamrec.catalogue.sketch import Sketch
from streamrec.datasets.listings import redated
from streamrec.errors import InputError, ModelError
from streamrec.ranking.scorers.blend import Blend
from streamrec.ranking.scorers.worth import UNKNOWN, Worth
from streamrec.settings import Settings
from streamrec.training.data.own_orders import Shop
from streamrec.training.data.rolls import Rolled, Sample, roll
from streamrec.training.steps.beside import Bench
from streamrec.training.steps.blend import DRAWN, EPOCHS, day, sketch_of, train_blend, write_blend
from streamrec.training.steps.worth import Judged, hidden

REPORT = "report.json"
CALIBRATION = (
    "the graphs are those of the folder at the start, int8 scales included: new scales need the networks and texts that "
    "`streamrec train calibration` reads"
)
MODES: tuple[Repeats, ...] = get_args(Repeats)


class OwnFolder:
    """Trains, checks and writes the blends of one shop into a folder that is made for them."""

    def __init__(self, shop: Shop, settings: Settings, seeds: Sequence[int], progress: Progress) -> None:
        self._shop, self._seeds, self._progress = shop, seeds, progress
        self._settings = settings
        self._start = ModelFolder.load(settings.model)
        self._sketch: Sketch = sketch_of(shop.items, shop.until)

    def write(self, into: Path) -> dict[str, Any]:
        """Write the folder `into`, whole or not at all, and return its report. A blend below the plain one is left out.

        Raises:
            InputError: `into` is there already, or there are too few orders with something to learn.
            ModelError: the folder at the start cannot be used.
        """
        require_free(into)
        with _staged(into) as stage, tempfile.TemporaryDirectory() as lists:
            shutil.copytree(self._start.path, stage, dirs_exist_ok=True, ignore=shutil.ignore_patterns(Path(BLENDS).name, REPORT))
            report = self._facts()
            dated = redated(self._shop.items, self._shop.events, Path(lists))
            if dated != self._shop.items:
                self._shop, report["listing_dates"] = replace(self._shop, items=dated), DRAWN
            bench = self._bench(Path(lists))
            report["without_fusion"] = bench.without_fusion
            scorings: tuple[Scoring, ...] = ("off",) if self._settings.scoring == "off" else ("bert", "off")
            report["blends"] = [made for scoring in scorings for made in self._train(scoring, bench, stage)]
            (stage / REPORT).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
            with (stage / "README.md").open("a", encoding="utf-8") as card:
                card.write(f"\n## The blends of this folder\n\nTrained by `streamrec train all`:\n\n```\n{in_words(report)}\n```\n")
            seal(stage)
            if found := faults(stage):
                raise ModelError("; ".join(found))
            stage.rename(into)
        return report | {"into": str(into), "revision": revision_of(into)}

    def _facts(self) -> dict[str, Any]:
        shop = self._shop
        return {
            "items": shop.listed,
            "viewers": shop.viewers,
            "orders": shop.orders,
            "unlisted": round(shop.unlisted, 4),
            "from": day(shop.since),
            "checked_from": day(shop.checked_from),
            "until": day(shop.until),
            "seeds": [*self._seeds],
            "start": f"{self._start.name} {self._start.revision}",
            "calibration": CALIBRATION,
        }

    def _bench(self, folder: Path) -> Bench:
        task = self._progress.add_task("lists of the fusion", total=None)
        bench = Bench(self._shop, folder, lambda done, total: self._progress.update(task, completed=done, total=total))
        self._progress.remove_task(task)
        return bench

    def _train(self, scoring: Scoring, bench: Bench, stage: Path) -> Iterator[dict[str, Any]]:
        # What the cross-encoder is worth is known only where it reads.
        readers = "all" if self._settings.cross_for == "auto" else self._settings.cross_for
        settings = self._settings.model_copy(update={"scoring": scoring, "cross_for": readers})
        shop = self._shop
        for mode, rolled in roll(settings, shop.items, shop.events, (shop.since, shop.until), MODES, 0, self._progress).items():
            checked, judged = self._check(mode, scoring, rolled, bench)
            figures = checked["ndcg@10"]
            # Whatever else was measured: the plain blend is what ranks without this one.
            checked["adopted"] = bool(figures["new"] is not None and figures["new"] >= figures["plain"])
            if checked["adopted"]:
                samples = hidden(rolled.samples, judged.hides) if judged is not None else rolled.samples
                trained = train_blend(samples, rolled.former, self._seeds, 0, self._told(f"{mode}, {scoring}: all orders"))
                card = {"from": day(shop.since), "until": day(shop.until), "lists": trained.lists, "epochs": trained.epochs}
                card |= {f"checked_ndcg_{name}": value for name, value in figures.items()} | {"seeds": [*self._seeds]}
                path = stage / file_name(mode, scoring)
                worth = judged.worth if judged is not None else UNKNOWN
                write_blend(trained.blend, path, f"own-{day(shop.until)}", mode, scoring, card, self._sketch, self._start.text, worth)
            yield {"repeats": mode, "scoring": scoring} | checked

    def _check(self, mode: Repeats, scoring: Scoring, rolled: Rolled, bench: Bench) -> tuple[dict[str, Any], Judged | None]:
        """A blend trained on the orders before `checked_from`, beside the others on those since; with BERT, what its stages are worth."""
        times = np.array([sample.ts for sample in rolled.samples])
        cut = int(np.searchsorted(times, self._shop.checked_from))
        earlier, later = rolled.samples[:cut], rolled.samples[cut:]

        def train(samples: Sequence[Sample]) -> Blend:
            return train_blend(samples, rolled.former, self._seeds, 0, self._told(f"{mode}, {scoring}: to be checked")).blend

        judged = Judged(mode, earlier, later, rolled.ids, bench, train) if scoring == "bert" else None
        blends = {"new": train(earlier) if judged is None else judged.blend, "plain": Blend.plain()}
        if (former := self._former(mode, scoring)) is not None:
            blends["start"] = former
        hides = {} if judged is None else {"new": judged.hides}
        checked = bench.compare(mode, later, rolled.ids, blends, hides)
        return checked | ({"worth": to_builtins(judged.worth)} if judged is not None else {}), judged

    def _former(self, mode: Repeats, scoring: Scoring) -> Blend | None:
        """The blend of the folder at the start, whatever catalogue it knows."""
        try:
            found = find_blend(self._start, mode, scoring)
        except ModelError:
            return None
        return found[0] if found is not None else None

    def _told(self, what: str) -> Callable[[str], None]:
        task = self._progress.add_task(f"training, {what}", total=len(EPOCHS) + 2)
        return lambda _: self._progress.advance(task)


def require_free(into: Path) -> None:
    """Check that the folder may be made.

    Raises:
        InputError: it is there already.
    """
    if into.exists():
        raise InputError(f"{into} is there already; name a new folder, since workers may be reading the old one")


@contextmanager
def _staged(into: Path) -> Iterator[Path]:
    """A folder beside `into` that is gone afterwards, unless it was renamed."""
    into.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{into.name}.", dir=into.parent))
    try:
        stage.chmod(0o755)  # made for its owner alone, and workers may run as somebody else
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def in_words(report: dict[str, Any]) -> str:
    """The report as a table."""
    lines = [
        f"{report['items']} items, {report['viewers']} viewers, {report['orders']} orders",
        f"trained on lists from {report['from']} on, checked on those from {report['checked_from']} to {report['until']}",
    ]
    if report["unlisted"]:
        lines.append(f"{report['unlisted']:.1%} of what was bought is not among the items")
    if "listing_dates" in report:
        lines.append(f"dates of listing: {report['listing_dates']}")
    names = ("new", "plain", "start", "fusion")
    lines += ["", f"{'NDCG@10':<16}{'lists':>7}" + "".join(f"{name:>9}" for name in names) + "  new / plain"]
    for made in report["blends"]:
        figures = (made["ndcg@10"].get(name) for name in names)
        cells = "".join(f"{'-' if figure is None else format(figure, '.4f'):>9}" for figure in figures)
        ratio, low, high = ("-" if bound is None else format(bound, ".2f") for bound in made["times"]["plain"])
        outcome = "adopted" if made["adopted"] else "left out: the plain blend ranks"
        lines.append(f"{made['repeats'] + ', ' + made['scoring']:<16}{made['lists']:>7}{cells}  {ratio} [{low}, {high}]  {outcome}")
    lines += [_worth_in_words(made) for made in report["blends"] if "worth" in made]
    lines += ["", f"start: {report['start']}; {report['calibration']}"]
    if report["without_fusion"]:
        lines.append(f"fusion: not measured, {report['without_fusion']}")
    return "\n".join(lines)


def _worth_in_words(made: dict[str, Any]) -> str:
    worth = convert(made["worth"], Worth)
    stages = {"vectors": worth.vectors, "cross-encoder": worth.pairs, "cross-encoder for writers": worth.pairs_of_writers}
    told = [f"{stage} {times[0]:.3f} [{times[1]:.3f}, {times[2]:.3f}]" for stage, times in stages.items() if times is not None]
    return f"{made['repeats']}: worth {', '.join(told) or 'not known'}; on a CPU the cross-encoder reads for {worth.readers}"
