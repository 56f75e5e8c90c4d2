"""What a scenario is: a kind of harm, how often it is done, and what the workers to which it is done are like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.faults.trial import PARTITIONS, Trial


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of harm: `count` injections in a run of the long form, `quick` ones in the quick form (0: not part of it).

    `hooked` workers have hooks built in, `cursed` ones a handler that raises for some events, and all have `environment`. `codes` are
    exit codes that this harm may cause beside those that any may.
    """

    name: str
    run: Callable[[Any], None]
    count: int
    quick: int = 0
    workers: int = 1
    hooked: bool = False
    cursed: bool = False
    partitions: int = PARTITIONS
    environment: Mapping[str, str] = field(default_factory=dict)
    codes: frozenset[int] = frozenset()
    trial: type[Trial] = Trial
