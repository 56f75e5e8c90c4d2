"""The flags that several steps of the training share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamrec.datasets.uci import day_ms

if TYPE_CHECKING:
    from streamrec.training.data.corpus import Corpus
    from streamrec.training.data.purchases import Purchases
    from streamrec.training.loop import Plan
    from streamrec.training.record import Record
    from streamrec.training.steps.material import Material

DAY = ["%Y-%m-%d"]

Work = Annotated[Path, typer.Argument(help="Work folder; every step leaves a folder of its own in it.")]
Data = Annotated[Path, typer.Option(help="Folder with items.jsonl and events.jsonl, as `streamrec dataset uci` makes it.")]
Until = Annotated[datetime, typer.Option(formats=DAY, help="Only what was sold before this day (UTC) is used.")]
JudgedFrom = Annotated[datetime, typer.Option("--from", formats=DAY, help="Baskets from this day (UTC) on are judged.")]
Seed = Annotated[int, typer.Option(help="Seed of every random choice.")]
Layers = Annotated[int, typer.Option(help="Layers of the network.", min=1, max=12)]
ValidateFrom = Annotated[
    datetime | None,
    typer.Option(formats=DAY, help="Baskets from this day (UTC) on are not trained on but validated with; none when left out."),
]
Steps = Annotated[int, typer.Option(help="Optimiser steps.", min=1)]
Rate = Annotated[float, typer.Option(help="Highest learning rate.", min=0.0)]
Every = Annotated[int, typer.Option(help="Steps between checkpoints, and between validations.", min=1)]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint of a run that was cut off.")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """What most steps learn from: purchases up to a day, the catalogue and the captions."""

    data: Data
    until: Until
    products: Annotated[Path, typer.Option(help="products.yaml or .yaml.gz of the AWS retail demo store.")]
    captions: Annotated[Path, typer.Option(help="kuairec_caption_category.csv or .csv.gz of KuaiRec.")]

    def corpus(self) -> Corpus:
        """The texts of catalogue and captions."""
        from streamrec.training.data.corpus import read_corpus

        return read_corpus(self.products, self.captions)

    def titles(self) -> list[str]:
        """The titles of what was sold before the day."""
        from streamrec.training.data.purchases import read_titles

        return read_titles(self.data, day_ms(self.until.date()))

    def record(self, seed: int) -> Record:
        """What the files of a step say of how they were made."""
        from streamrec.training.record import Record

        return Record(seed, self.until.date())

    def material(self, work: Path, validate_from: datetime | None, seed: int) -> Material:
        """All of it, with the vocabulary and the encoder of the work folder."""
        from streamrec.training.steps.material import Material

        return Material(work, *purchases(self.data, self.until, validate_from, seed), self.corpus())


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """The held-out baskets by which graphs are judged."""

    data: Data
    start: JudgedFrom
    until: Until
    baskets: Annotated[int, typer.Option(help="Most baskets that are judged.", min=10)] = 1000
    seed: Seed = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How long and how fast a network learns."""

    steps: Steps
    rate: Rate
    every: Every = 50
    patience: Annotated[int, typer.Option(help="Validations without a better one until the training ends; 0: never.", min=0)] = 0
    resume: Resume = False
    seed: Seed = 7

    def plan(self) -> Plan:
        """The same for the loop."""
        from streamrec.training.loop import Plan

        return Plan(self.steps, self.rate, self.every, self.patience, self.resume)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovery(Pace):
    """How long and how fast a network recovers from pruning, which may be not at all."""

    steps: Annotated[int, typer.Option(help="Optimiser steps to recover.", min=0)]


def purchases(data: Path, until: datetime, validate_from: datetime | None, seed: int) -> tuple[Purchases, Purchases | None]:
    """The purchases to train on, and those to validate with."""
    from streamrec.training.data.purchases import read_purchases

    until_ms = day_ms(until.date())
    if validate_from is None:
        return read_purchases(data, None, until_ms, split=True, seed=seed), None
    from_ms = day_ms(validate_from.date())
    return read_purchases(data, None, from_ms, split=True, seed=seed), read_purchases(data, from_ms, until_ms, split=False, seed=seed)
