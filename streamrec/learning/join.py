"""Joins impressions and reactions to the slate they came from.

What a list's example says depends on the slate and on the set of its feedback alone, not on the order in which they were
read; only the moments at which examples are written follow the clock.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from streamrec.events.types import Feedback
from streamrec.learning.examples import IMPRESSION, Example, ExampleItem, Reaction, hashed, rounded
from streamrec.learning.slates import Slate
from streamrec.system.clock import DAY_MS

WINDOW_MS = 30 * 60_000
"""Feedback belongs to a list if its event time is at most this long after that of the list's trigger."""
LATE_PURCHASE_MS = DAY_MS
"""A purchase has this long, if something of the list was seen within WINDOW_MS: people click at once and pay later."""
SKEW_MS = 60_000
"""How far a device's clock may be behind: its feedback then seems to come before the list."""
TIMERS = 4
"""Timers per open list. Beyond that, those of lists that are gone are thrown away; more often, sorting would cost more than they do."""


@dataclass(slots=True)
class _Open:
    slate: Slate
    arrived: int
    actions: dict[Reaction, int] = field(default_factory=dict)
    written: dict[Reaction, int] = field(default_factory=dict)
    closed: bool = False


class Joiner:
    """Holds the open lists in bounded memory; all times are in ms.

    Event times decide what belongs together. The clock of `due`, and `arrived`, are the broker's: they decide when an
    example is written and when a list is forgotten.
    """

    def __init__(self, settle_ms: int, most_slates: int) -> None:
        self._settle, self._most = settle_ms, most_slates
        self._open: dict[str, _Open] = {}
        self._early: dict[str, list[tuple[Feedback, int]]] = {}
        self._early_count = 0
        self._written: dict[str, dict[Reaction, int]] = {}
        self._timers: list[tuple[int, str]] = []
        self.counts: Counter[str] = Counter()
        """Outcomes of slates and feedback since the caller last cleared them."""

    def __len__(self) -> int:
        return len(self._open)

    def restore(self, list_id: str, actions: Mapping[Reaction, int]) -> None:
        """These actions are in an example that was written before this process began; they will not be written again."""
        self._written[list_id] = dict(actions)

    def slate(self, slate: Slate, arrived: int) -> None:
        """Take a slate; of several with one id, which are one list made again after a crash, the first counts."""
        if slate.list_id in self._open:
            self.counts["slate_repeated"] += 1
            return
        self.counts["slate"] += 1
        known = self._written.pop(slate.list_id, {})
        opened = self._open[slate.list_id] = _Open(slate, arrived, dict(known), known)
        self._wake(slate.list_id, arrived + WINDOW_MS)
        for event, came in self._early.pop(slate.list_id, ()):
            self._early_count -= 1
            self._join(opened, event, max(came, arrived))
        if len(self._open) > self._most:
            del self._open[next(iter(self._open))]
            self.counts["slate_evicted"] += 1
            self._tidy()

    def feedback(self, event: Feedback, arrived: int) -> None:
        """Take feedback; what comes before its slate waits for it."""
        opened = self._open.get(event.list_id)
        if opened is not None:
            self._join(opened, event, arrived)
            return
        waiting = self._early.get(event.list_id)
        if waiting is None:
            waiting = self._early[event.list_id] = []
            self._wake(event.list_id, arrived + WINDOW_MS)
        waiting.append((event, arrived))
        self._early_count += 1
        if self._early_count > self._most:
            self._forget_early(next(iter(self._early)), "feedback_evicted")

    def due(self, now: int) -> list[Example]:
        """The examples to be written at this time.

        A list is written `settle_ms` after a reaction, and when its window closes, if it has something new to say. A list
        of which nothing was seen by then is forgotten, any other after a day.
        """
        examples = []
        while self._timers and self._timers[0][0] <= now:
            when, list_id = heapq.heappop(self._timers)
            opened = self._open.get(list_id)
            if opened is None:
                if list_id in self._early and self._early[list_id][0][1] + WINDOW_MS <= when:
                    self._forget_early(list_id, "feedback_no_slate")
                continue
            if when >= opened.arrived + WINDOW_MS and not opened.closed:
                opened.closed = True
                self._wake(list_id, opened.arrived + LATE_PURCHASE_MS)
            if example := self._write(opened):
                examples.append(example)
            unseen = opened.closed and not _seen(opened.actions)
            if unseen or when >= opened.arrived + LATE_PURCHASE_MS:
                del self._open[list_id]
                self.counts["slate_unseen" if unseen else "slate_done"] += 1
        return examples

    def _join(self, opened: _Open, event: Feedback, arrived: int) -> None:
        slate, delay = opened.slate, event.ts - opened.slate.ts
        if event.user_id != slate.user_id:
            self.counts["feedback_not_theirs"] += 1
        elif event.item_id not in slate.items:
            self.counts["feedback_not_in_slate"] += 1
        elif not -SKEW_MS <= delay <= (LATE_PURCHASE_MS if event.action == "purchase" else WINDOW_MS):
            self.counts["feedback_out_of_time"] += 1
        else:
            reaction = slate.items.index(event.item_id), event.action
            known = opened.actions.get(reaction)
            self.counts["feedback_joined" if known is None else "feedback_repeated"] += 1
            opened.actions[reaction] = max(delay, 0) if known is None else min(known, max(delay, 0))
            # An impression alone is in no hurry: it goes with the next reaction, or when the window closes.
            if event.action != IMPRESSION or opened.closed:
                self._wake(slate.list_id, arrived + self._settle)

    def _write(self, opened: _Open) -> Example | None:
        actions, written = opened.actions, opened.written
        if not _seen(actions) or all(written.get(key, delay + 1) <= delay for key, delay in actions.items()):
            return None
        fresh = sorted(key for key in actions.keys() - written.keys() if key[1] != IMPRESSION)
        opened.written = {**written, **actions}
        self.counts["example"] += 1
        return _example(opened.slate, actions, fresh)

    def _wake(self, list_id: str, when: int) -> None:
        heapq.heappush(self._timers, (when, list_id))

    def _tidy(self) -> None:
        """Throw away the timers of lists that are gone: they would go off a day later, and pile up until then."""
        if len(self._timers) > TIMERS * self._most:
            self._timers = sorted({(when, list_id) for when, list_id in self._timers if list_id in self._open or list_id in self._early})

    def _forget_early(self, list_id: str, outcome: str) -> None:
        lost = len(self._early.pop(list_id))
        self._early_count -= lost
        self.counts[outcome] += lost


def _seen(actions: Mapping[Reaction, int]) -> bool:
    """A late purchase alone does not say that the list was seen."""
    return any(delay <= WINDOW_MS for delay in actions.values())


def _example(slate: Slate, actions: Mapping[Reaction, int], fresh: list[Reaction]) -> Example:
    done: list[dict[str, int]] = [{} for _ in slate.items]
    for (position, action), delay in sorted(actions.items()):
        done[position][action] = delay
    described = zip(slate.items, slate.propensities, slate.base_scores, rounded(slate.matrix()), done, strict=True)
    return Example(
        list_id=slate.list_id,
        user=hashed(slate.user_id),
        ts=slate.ts,
        arm=slate.arm,
        weights_version=slate.weights_version,
        base=slate.base,
        model=slate.model,
        schema=slate.schema,
        items=[ExampleItem(*item) for item in described],
        fresh=fresh,
    )
