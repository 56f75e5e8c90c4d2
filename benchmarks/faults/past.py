"""Topics that were made again under the workers: which of the old events count, and whether an output is about an old or a new one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from streamrec.state.item import Signal

Place = tuple[str, int, int]
"""Topic without its prefix (or, when it was made again since, as `former` names it), partition and offset."""

Positions = Mapping[tuple[str, int], int]
"""By topic without its prefix and partition."""

SIGNALS = "item-signals"
FORMER = "@"
decode_signal = msgspec.json.Decoder(Signal).decode


def former(topic: str, number: int) -> str:
    """The name of a topic until it was made again for the `number`th time (from 0): places of old and new records are the same."""
    return f"{topic}{FORMER}{number}"


@dataclass(frozen=True, slots=True)
class Generation:
    """A topic until it was made again: its records, up to where partitions had counted them, and where the outputs ended."""

    records: Sequence[Any]
    counted: Mapping[int, float]
    outputs: Positions


@dataclass(slots=True)
class Past:
    """What is known of the times before the last halt, when all workers had ended.

    `marks` say up to where users had counted events then. `counted` are events whose signals the item side had counted, `pending` those
    whose signals it had yet to read (with the last place of such a signal), `forgone` those whose signals it never read. `waiting` are
    triggers whose lists were still to be made. `read` is from where on signals have not been looked at here.
    """

    generations: dict[str, list[Generation]] = field(default_factory=dict)
    marks: Positions = field(default_factory=dict)
    counted: set[Place] = field(default_factory=set)
    pending: dict[Place, tuple[int, int]] = field(default_factory=dict)
    forgone: set[Place] = field(default_factory=set)
    waiting: set[Place] = field(default_factory=set)
    read: dict[int, int] = field(default_factory=dict)

    def name(self, topic: str, output: str, record: Any) -> str:
        """Which topic of that name a record of an output speaks of."""
        for number, generation in enumerate(self.generations.get(topic, ())):
            if record.offset < generation.outputs.get((output, record.partition), 0):
                return former(topic, number)
        return topic

    def names_since(self, place: Place) -> Iterator[Place]:
        """The place under the name that its topic had then, and under those since: what is sent later names the topic as it always did."""
        topic, _, number = place[0].partition(FORMER)
        count = len(self.generations.get(topic, ()))
        for later in range(int(number) if number else count, count):
            yield (former(topic, later), *place[1:])
        yield (topic, *place[1:])

    def signal_counts(self, place: Place, beyond: bool, settled: bool) -> bool:
        """Whether the item side has counted (or will count) the signal of an event.

        `beyond`: users have not counted it. `settled`: they had before the last halt, so that its signal is not sent again.
        """
        return place in self.counted or not (beyond or (settled and (place in self.pending or place in self.forgone)))

    def halt(self, signals: Iterable[Any], marks: Positions) -> None:
        """All workers have ended, with these marks; `signals` are the records in the topic of signals."""
        self.marks = marks
        self.pending = {}
        for record in signals:
            if record.offset >= self.read.get(record.partition, 0):
                signal = decode_signal(record.value)
                place = (signal.topic, signal.partition, signal.offset)
                if record.offset < marks.get((SIGNALS, record.partition), 0):
                    self.counted.add(place)
                else:
                    self.pending[place] = record.partition, record.offset
        self.pending = {place: where for place, where in self.pending.items() if place not in self.counted}

    def go_on(self, marks: Positions, new_signals: Iterable[Any] | None = None) -> None:
        """The workers go on, with these marks. `new_signals` are those in a topic of signals that was made again."""
        if new_signals is None:
            skipped = {place for place, (number, offset) in self.pending.items() if offset < marks.get((SIGNALS, number), 0)}
        else:
            again = (decode_signal(record.value) for record in new_signals)
            skipped = self.pending.keys() - {(signal.topic, signal.partition, signal.offset) for signal in again}
        self.forgone |= skipped
        self.pending = {}
        self.read = {number: at for (topic, number), at in marks.items() if topic == SIGNALS}

    def end(self, topic: str, generation: Generation) -> None:
        """The topic is over; what speaks of it from now on speaks of the one that was made in its place."""
        generations = self.generations.setdefault(topic, [])
        generations.append(generation)
        name = former(topic, len(generations) - 1)

        def renamed(place: Place) -> Place:
            return (name, *place[1:]) if place[0] == topic else place

        self.counted = {renamed(place) for place in self.counted}
        self.pending = {renamed(place): where for place, where in self.pending.items()}
        self.forgone = {renamed(place) for place in self.forgone}
        self.waiting = {renamed(place) for place in self.waiting}
