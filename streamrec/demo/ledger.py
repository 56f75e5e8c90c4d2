"""The demo's ledger: which triggers were sent, which lists cover them, and how long that took."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from streamrec.demo.understood import Figures
from streamrec.events.types import Recommendation
from streamrec.simulator.messages import Message

Coordinates = tuple[str, int, int]

NOTHING = "-"


class Cause(NamedTuple):
    """The trigger that a list answers, and the seconds from its produce call to the list's arrival; each None when unknown."""

    message: Message | None
    seconds: float | None


@dataclass(frozen=True)
class Report:
    """The figures of a run, as `--json` prints them. Latencies are from a trigger's produce call until its list was readable."""

    triggers: int
    lists: int
    coalesced: int
    p50_ms: float | None
    p99_ms: float | None
    model: str
    provider: str
    dead_letters: int
    bad_sent: int
    degraded: int
    repeated: int
    uncovered: int
    first_list_s: float | None
    simulated: int
    weights: str
    seconds: float
    understood: Figures = field(default_factory=Figures)

    def text(self) -> str:
        """The figures about lists in one line."""
        latency = "" if self.p50_ms is None else f", p50 {self.p50_ms} ms, p99 {self.p99_ms} ms"
        return (
            f"{self.lists} lists for {self.triggers} triggers ({self.coalesced} coalesced){latency}, {self.dead_letters} dead letters "
            f"({self.bad_sent} sent on purpose), model {self.model} on {self.provider}"
        )


class Ledger:
    """Matches triggers and lists by the coordinates in `covers`. Either may come first, and they come from different threads."""

    def __init__(self, started: float) -> None:
        """`started` is the monotonic time from which `first_list_s` and `seconds` count."""
        # The producer's thread, the reader's and the screen's meet here.
        self._lock = threading.Lock()
        self._begin(started)

    def restart(self) -> None:
        """Forget everything, so that the figures count from now."""
        with self._lock:
            self._begin(time.monotonic())

    def _begin(self, started: float) -> None:
        self._started = started
        self._pending: dict[Coordinates, tuple[Message, float]] = {}
        self._early: dict[Coordinates, float] = {}
        self._covered: set[Coordinates] = set()
        self._lists: set[str] = set()
        self._latencies: list[float] = []
        self._models: Counter[tuple[str, str]] = Counter()
        self._triggers = self._repeated = self._degraded = self._dead_letters = 0
        self._first_list_s: float | None = None
        self._weights = NOTHING

    def sent(self, topic: str, message: Message, moment: float, partition: int, offset: int) -> None:
        """Note a trigger that Kafka has taken; `moment` is the monotonic time of its produce call. Other messages are passed over."""
        if not message.trigger:
            return
        coordinates = (topic, partition, offset)
        with self._lock:
            self._triggers += 1
            if coordinates in self._early:
                self._latencies.append(self._early.pop(coordinates) - moment)
            else:
                self._pending[coordinates] = (message, moment)

    def list_read(self, ranked: Recommendation, moment: float) -> Cause:
        """Note a list that became readable at the monotonic time `moment`; returns what it answers."""
        cause = Cause(None, None)
        trigger = ranked.trigger
        with self._lock:
            if ranked.list_id in self._lists:
                self._repeated += 1
                return cause
            self._lists.add(ranked.list_id)
            self._first_list_s = self._first_list_s or moment - self._started
            self._degraded += ranked.degraded is not None
            self._weights = ranked.weights_version
            self._models[ranked.model.name, ranked.model.provider] += 1
            for topic, partition, offset in ranked.covers:
                coordinates = (topic, partition, offset)
                if coordinates in self._covered:
                    continue
                self._covered.add(coordinates)
                if coordinates not in self._pending:
                    # Kafka's confirmation reaches the producer after the list reached the reader.
                    self._early[coordinates] = moment
                    continue
                message, sent = self._pending.pop(coordinates)
                self._latencies.append(moment - sent)
                if coordinates == (trigger.topic, trigger.partition, trigger.offset):
                    cause = Cause(message, moment - sent)
        return cause

    def dead_letter_read(self) -> None:
        """Note a dead letter."""
        with self._lock:
            self._dead_letters += 1

    def report(self, *, bad_sent: int, simulated: int, understood: Figures | None = None) -> Report:
        """The figures so far, with those of what was `understood`."""
        with self._lock:
            latencies = sorted(self._latencies)
            (model, provider), _ = self._models.most_common(1)[0] if self._models else ((NOTHING, NOTHING), 0)
            return Report(
                triggers=self._triggers,
                lists=len(self._lists),
                coalesced=len(self._covered) - len(self._lists),
                p50_ms=_quantile_ms(latencies, 0.5),
                p99_ms=_quantile_ms(latencies, 0.99),
                model=model,
                provider=provider,
                dead_letters=self._dead_letters,
                bad_sent=bad_sent,
                degraded=self._degraded,
                repeated=self._repeated,
                uncovered=len(self._pending),
                first_list_s=None if self._first_list_s is None else round(self._first_list_s, 2),
                simulated=simulated,
                weights=self._weights,
                seconds=round(time.monotonic() - self._started, 2),
                understood=understood or Figures(),
            )


def describe(message: Message, titles: dict[str, str]) -> str:
    """What the viewer did, in words."""
    fields: dict[str, Any] = msgspec.json.decode(message.value)
    if message.topic == "danmaku":
        return f"wrote “{fields['text']}”"
    title = titles.get(fields["item_id"], fields["item_id"])
    verb = {"views": "looked at", "purchases": "bought"}.get(message.topic, f"{message.topic}:")
    return f"{verb} {title}"


def _quantile_ms(ordered: list[float], share: float) -> float | None:
    """The smallest of the values (s, in order) that at least `share` of them do not exceed, in ms; None without any."""
    if not ordered:
        return None
    # The ceiling, as the floor of the negative.
    rank = max(1, -int(-share * len(ordered) // 1))
    return round(ordered[rank - 1] * 1000, 1)
