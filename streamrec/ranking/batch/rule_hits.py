"""What the operators' rules mean for the candidates of a micro-batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.rulebook import TARGETS, Rulebook
from streamrec.events.types import Rule
from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.hosts import hosts
from streamrec.ranking.batch.padding import within
from streamrec.ranking.batch.queries import Queries

Slots = NDArray[np.int32]
Places = NDArray[np.intp]
ITEM, CATEGORY, HOST = range(len(TARGETS))
EVERYWHERE, NOWHERE = -2, -3


@dataclass(frozen=True, slots=True)
class Hits:
    """The pairs of a rule and a candidate that it concerns, by rule in the order of ids; three arrays of one length."""

    rules: list[Rule]
    rule: Places
    """Position in `rules`."""
    user: Places
    column: Places

    def __bool__(self) -> bool:
        return len(self.rule) > 0

    def by_rule(self) -> Iterator[tuple[Rule, Places, Places]]:
        """Each rule that concerns any candidate, with users and columns."""
        if not self:
            return
        borders = [*np.flatnonzero(np.diff(self.rule, prepend=-1)).tolist(), len(self.rule)]
        for begin, end in pairwise(borders):
            yield self.rules[self.rule[begin]], self.user[begin:end], self.column[begin:end]


def hits(context: Context, slots: Slots, actions: Sequence[str]) -> Hits:
    """What the rules with one of these actions that are in force concern.

    No loop over rules: there may be thousands, and few of them concern the candidates (users, candidates) of a batch.
    """
    book = context.catalogue.rules.book(actions)
    if not book.rules:
        return Hits([], *(np.zeros(0, np.intp) for _ in range(3)))
    timely = timely_rules(book, context.queries)
    concerned = [_named(book, timely, target, numbers) for target, numbers in _targets(context, slots, book, timely)]
    parts = zip(*concerned, strict=True) if concerned else [[]] * 3
    rule, user, column = (np.concatenate([np.zeros(0, np.intp), *arrays]) for arrays in parts)
    known, which = np.unique(rule, return_inverse=True)
    stays = (slots[user, column] >= 0) & in_force(book, known, context.queries)[user, which]
    order = np.lexsort((column[stays], user[stays], rule[stays]))
    return Hits(book.rules, rule[stays][order], user[stays][order], column[stays][order])


def in_force(book: Rulebook, rules: Places, asked: Queries) -> NDArray[np.bool_]:
    """Which rules (by position in the book) concern which users, at the time of their triggers and in their rooms: (users, rules)."""
    now = asked.now[:, None]
    numbers = {room.room_id: number for number, room in enumerate(asked.rooms) if room is not None}
    here = np.array([-1 if room is None else numbers[room.room_id] for room in asked.rooms], np.int64)[:, None]
    rooms = [book.rules[rule].room_id for rule in rules.tolist()]
    room = np.array([EVERYWHERE if name is None else numbers.get(name, NOWHERE) for name in rooms], np.int64)
    return np.asarray((book.starts[rules] <= now) & (now < book.expires[rules]) & ((room == EVERYWHERE) | (room == here)))


def timely_rules(book: Rulebook, asked: Queries) -> NDArray[np.bool_]:
    """Which rules may be in force for some trigger, judged by the earliest and the latest of them: a cheap sieve before `in_force`."""
    return np.asarray((book.starts <= asked.now.max(initial=0)) & (book.expires > asked.now.min(initial=np.iinfo(np.int64).max)))


def _targets(context: Context, slots: Slots, book: Rulebook, timely: NDArray[np.bool_]) -> Iterator[tuple[int, Slots]]:
    """Of every kind of target that rules speak of: its place in TARGETS, and the candidates' numbers."""
    target_numbers(book, context.catalogue)
    there = set(np.unique(book.target[timely]).tolist())
    if ITEM in there:
        yield ITEM, slots
    if CATEGORY in there:
        yield CATEGORY, np.append(context.catalogue.items.category, np.int32(0))[slots]
    if HOST in there:
        yield HOST, hosts(context, slots)


def _named(book: Rulebook, timely: NDArray[np.bool_], target: int, numbers: Slots) -> tuple[Places, Places, Places]:
    """Rule, user and column of every candidate whose number a rule names."""
    rules = np.flatnonzero(timely & (book.target == target) & (book.numbers >= 0))
    wanted = book.numbers[rules]
    named = np.zeros(int(max(numbers.max(initial=0), wanted.max(initial=0))) + 2, bool)
    named[wanted] = True
    user, column = np.nonzero(named[numbers])
    rules, wanted = rules[np.argsort(wanted, kind="stable")], np.sort(wanted)
    cells = numbers[user, column]
    first = np.searchsorted(wanted, cells, "left")
    count = np.searchsorted(wanted, cells, "right") - first
    cell = np.repeat(np.arange(len(cells)), count)
    nth, _ = within(cell, len(cells))
    return rules[first[cell] + nth], user[cell], column[cell]


def target_numbers(book: Rulebook, catalogue: Catalogue) -> Slots:
    """The numbers of the rules' targets, looked up again after the catalogue has assigned or freed any."""
    state = catalogue.numbering()
    if book.numbered != state:
        book.numbers = np.array([_number(rule, catalogue) for rule in book.rules], np.int32)
        book.numbered = state
    return book.numbers


def _number(rule: Rule, catalogue: Catalogue) -> int:
    """The number that stands for the rule's target, -1 where the shop does not know it."""
    match rule.target:
        case "item":
            return catalogue.items.slots.get(rule.target_id, -1)
        case "category":
            return catalogue.items.category_number(rule.target_id) or -1
        case "host":
            return catalogue.rooms.host(rule.target_id) or -1
