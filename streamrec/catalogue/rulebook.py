"""The operators' rules: as read from their topic, and as arrays in which those that matter to a batch are found."""

from __future__ import annotations

import heapq
import logging
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streamrec.events.types import Rule
from streamrec.system.clock import DAY_MS

logger = logging.getLogger(__name__)
# Every batch compares its candidates with every rule: without a bound whoever writes rules decides how long lists take.
MOST = 10_000
MOST_OF_ONE = 100
"""Most rules of one target. Each concerns all candidates of its target, so that thousands for one host would slow every list down."""
LATE_MS = DAY_MS
"""How long a rule is kept after it expires: it holds by the time of the event, and events may be read late."""
SAY_AGAIN_MS = 60_000
"""Least time between two errors about refused rules, which may come by the thousand."""
EVER = np.iinfo(np.int64).max
TARGETS = ("item", "category", "host")


@dataclass(slots=True)
class Rulebook:
    """Rules with certain actions in the order of their ids, and columns over them."""

    rules: list[Rule]
    starts: NDArray[np.int64]
    expires: NDArray[np.int64]
    target: NDArray[np.int8]
    """Position in TARGETS."""
    numbers: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """The number of each rule's target in the catalogue, -1 where it knows none; valid while the catalogue's `numbering` is `numbered`."""
    numbered: object = None

    @classmethod
    def of(cls, rules: list[Rule]) -> Rulebook:
        """The book of these rules."""
        starts = np.array([rule.starts_ts or 0 for rule in rules], np.int64)
        expires = np.array([EVER if rule.expires_ts is None else rule.expires_ts for rule in rules], np.int64)
        return cls(rules, starts, expires, np.array([TARGETS.index(rule.target) for rule in rules], np.int8))


class RuleTable:
    """At most MOST rules, and MOST_OF_ONE for one target, in the order of their ids: of two that contradict each other the first wins.

    A rule beyond these limits is refused unless another has expired.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._rules: dict[str, Rule] = {}
        self._of_target: Counter[tuple[str, str]] = Counter()
        self._ids: list[str] = []
        self._ends: list[tuple[int, str]] = []
        """A heap of when rules expire; a rule that was changed stands here more than once."""
        self._books: dict[tuple[str, ...], Rulebook] = {}
        self._now = 0
        self._said_ms = -SAY_AGAIN_MS
        self.counts: Counter[str] = Counter()
        """Rules that were forgotten ("rule_expired"), and those that were refused because of the limits ("rule_over")."""

    def __len__(self) -> int:
        """Rules."""
        return len(self._rules)

    def put(self, rule: Rule) -> None:
        """Add or replace a rule."""
        # A rule that is changed must not count against itself.
        self.remove(rule.rule_id)
        if self._full(rule):
            self._forget(self._now)
        if self._full(rule):
            self._refuse(rule)
            return
        insort(self._ids, rule.rule_id)
        self._rules[rule.rule_id] = rule
        self._of_target[rule.target, rule.target_id] += 1
        if rule.expires_ts is not None:
            heapq.heappush(self._ends, (rule.expires_ts, rule.rule_id))
            if len(self._ends) > 2 * self._most:
                # Changed rules leave entries behind; a sorted list is a heap.
                self._ends = sorted((kept.expires_ts, kept.rule_id) for kept in self._rules.values() if kept.expires_ts is not None)
        self._books.clear()

    def remove(self, rule_id: str) -> None:
        """Forget a rule."""
        rule = self._rules.pop(rule_id, None)
        if rule is not None:
            self._of_target[rule.target, rule.target_id] -= 1
            if not self._of_target[rule.target, rule.target_id]:
                del self._of_target[rule.target, rule.target_id]
            del self._ids[bisect_left(self._ids, rule_id)]
            self._books.clear()

    def expire(self, now_ms: int) -> None:
        """Forget rules that expired more than LATE_MS ago."""
        self._now = now_ms
        self._forget(now_ms - LATE_MS)

    def book(self, actions: Sequence[str]) -> Rulebook:
        """The rules with one of these actions, expired ones among them."""
        key = tuple(actions)
        book = self._books.get(key)
        if book is None:
            rules = [rule for rule in map(self._rules.__getitem__, self._ids) if rule.action in key]
            book = self._books[key] = Rulebook.of(rules)
        return book

    def _full(self, rule: Rule) -> bool:
        return len(self._rules) >= self._most or self._of_target[rule.target, rule.target_id] >= MOST_OF_ONE

    def _forget(self, until_ms: int) -> None:
        while self._ends and self._ends[0][0] <= until_ms:
            expires, rule_id = heapq.heappop(self._ends)
            rule = self._rules.get(rule_id)
            if rule is not None and rule.expires_ts == expires:
                self.remove(rule_id)
                self.counts["rule_expired"] += 1

    def _refuse(self, rule: Rule) -> None:
        self.counts["rule_over"] += 1
        if self._now - self._said_ms >= SAY_AGAIN_MS:
            self._said_ms = self._now
            logger.error(
                "there are %d rules already, %d of them of the %s %s, and the rule %s has no effect: remove rules that are not needed, "
                "then put it again",
                len(self._rules),
                self._of_target[rule.target, rule.target_id],
                rule.target,
                rule.target_id,
                rule.rule_id,
            )
