"""Plans of a repair: what is wrong with a partition, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from streamrec.engine.store.mark import Mark
from streamrec.operations.survey import View

Kind = Literal["disk", "changelog", "source", "retention", "beginning", "fences", "row", "mark", "truncated", "unreadable", "damaged"]
Start = Literal["beginning", "end"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a partition (such as "user/3") from being opened, or would spoil its counts.

    `records` is how many records are given up, where that is known.
    """

    partition: str
    kind: Kind
    topic: str
    wrong: str
    remedy: str
    gives_up: str
    records: int | None = None

    def __str__(self) -> str:
        return f"{self.partition}: {self.wrong}. Repair: {self.remedy}. Gives up: {self.gives_up}."


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for one partition.

    `mark` is written unless it is None, with rows: those of the disk, or the changelog's without the fences beyond `limits` (by
    topic, without the prefix; with `rewrite` also those that this does not change), or deletions of whatever rows are there; without
    those in `drop`. `wipe`: the disk goes after that.
    """

    view: View
    mark: Mark | None = None
    rows: Literal["disk", "changelog", "delete"] = "changelog"
    wipe: bool = False
    limits: Mapping[str, float] = field(default_factory=dict)
    drop: tuple[bytes, ...] = ()
    rewrite: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def left(self) -> bool:
        """Whether the partition still cannot be opened after this."""
        return self.mark is None and any(problem.kind == "beginning" for problem in self.problems)

    @property
    def keys(self) -> set[tuple[str, str, str]]:
        """The problems without their figures."""
        return {(problem.partition, problem.kind, problem.topic) for problem in self.problems}
