"""Compares all that came out with the truth, and counts every kind of fault there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from benchmarks.faults.events import GHOST
from benchmarks.faults.past import Place
from benchmarks.faults.truth import Truth, User, weight
from streamrec.engine.store.mark import MARK, decode_mark
from streamrec.state.item import ItemRow
from streamrec.state.packing import unpack_item, unpack_user
from streamrec.state.repeats import SIZE
from streamrec.state.stats import decode_stats
from streamrec.state.user import SECRET_KEY, ErasureSecret, UserRow, erased_key

OUTPUTS = ("user-changelog", "item-changelog", "recommendations", "item-stats", "dead-letters")
NEARLY = 1e-6
MOST_DETAILS = 12
CONTROL = 0x1F
"""Keys that begin with a control character are not of users."""


class ListHead(msgspec.Struct):
    """What is read of a list."""

    list_id: str
    user_id: str
    covers: list[tuple[str, int, int]]


decode_list = msgspec.json.Decoder(ListHead).decode


@dataclass(slots=True)
class Verdict:
    """How many events, lists and dead letters are wrong; `details` names the first of them."""

    lost: int = 0
    applied_twice: int = 0
    lists_missing: int = 0
    lists_unexpected: int = 0
    lists_repeated: int = 0
    dead_letters_missing: int = 0
    dead_letters_unexpected: int = 0
    erased_present: int = 0
    stats_behind: int = 0
    went_back: int = 0
    details: list[str] = field(default_factory=list)

    def settled(self) -> bool:
        """Whether nothing is outstanding."""
        return not (self.lost or self.lists_missing or self.dead_letters_missing or self.stats_behind)

    def say(self, what: str) -> None:
        """Keep a detail, unless there are many already."""
        if len(self.details) < MOST_DETAILS:
            self.details.append(what)

    def add(self, other: Verdict) -> None:
        """Count what is wrong by another verdict, too."""
        for name in set(self.__slots__) - {"details"}:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for detail in other.details:
            self.say(detail)


def check(truth: Truth, outputs: Mapping[str, Sequence[Any]], prefix: str) -> Verdict:
    """Compare the records of `OUTPUTS`, each topic whole and in order, with the truth.

    Where all workers have ended in the middle of their work, lists and statistics may be still to come, if the state says so.
    """
    verdict = Verdict()
    rows = latest(outputs["user-changelog"])
    kept = [unpack_user(record.value) for record in outputs["user-changelog"] if record.key == SECRET_KEY]
    _check_users(truth, rows, {row.secret for row in kept if isinstance(row, ErasureSecret)}, verdict)
    _check_items(truth, latest(outputs["item-changelog"]), latest(outputs["item-stats"]), verdict)
    _check_lists(truth, outputs["recommendations"], prefix, waiting(rows, prefix) if truth.halted else set(), verdict)
    _check_dead_letters(truth, outputs["dead-letters"], prefix, verdict)
    for family in ("user", "item"):
        _check_marks(outputs[f"{family}-changelog"], family, verdict)
    return verdict


def latest(records: Iterable[Any]) -> dict[bytes, bytes]:
    """The last value of every key but the mark; a tombstone takes the key away."""
    found: dict[bytes, bytes] = {}
    for record in records:
        if record.key == MARK:
            continue
        if record.value is None:
            found.pop(record.key, None)
        else:
            found[record.key] = record.value
    return found


def waiting(rows: Mapping[bytes, bytes], prefix: str) -> set[Place]:
    """The triggers of which rows say that their lists are still to be made."""
    users = (row for key, raw in rows.items() if key[0] > CONTROL and isinstance(row := unpack_user(raw), UserRow))
    return {(topic.removeprefix(prefix), partition, offset) for row in users for topic, partition, offset, *_ in row.waiting}


def _count(short: float, what: str, verdict: Verdict) -> None:
    """Count what is missing (or too much, when negative) in a sum of weights of at most one each."""
    if abs(short) > NEARLY:
        number = max(1, round(abs(short)))
        if short > 0:
            verdict.lost += number
        else:
            verdict.applied_twice += number
        verdict.say(f"{what}: {abs(short):.6g} {'short' if short > 0 else 'too much'}")


def _check_users(truth: Truth, rows: Mapping[bytes, bytes], secrets: set[bytes], verdict: Verdict) -> None:
    """`secrets` are what partitions hash the ids of erased users with."""
    for name, user in truth.users.items():
        raw = rows.get(name.encode())
        row = unpack_user(raw) if raw is not None else UserRow()
        assert isinstance(row, UserRow)
        _check_user(name, user, row, verdict)
        if row.waiting and not truth.halted:
            verdict.lists_missing += len(row.waiting)
            verdict.say(f"{name} still waits for {len(row.waiting)} lists")
    for name in {key.decode() for key in rows if key[0] > CONTROL} - truth.users.keys() - truth.erased:
        if not name.startswith("gone-"):
            verdict.applied_twice += 1
            verdict.say(f"{name} has a row, but no event")
    for name in truth.erased:
        if name.encode() in rows or not any(erased_key(name, secret) in rows for secret in secrets):
            verdict.erased_present += 1
            verdict.say(f"{name} was erased, but is there or has no marker")


def _check_user(name: str, user: User, row: UserRow, verdict: Verdict) -> None:
    held = {(tally, item): entry for tally in ("bought", "seen", "named") for item, entry in getattr(row, tally).items()}
    for tally, item in user.times.keys() | held.keys():
        times, entry = user.times.get((tally, item), []), held.get((tally, item))
        if entry is None:
            _count(len(times), f"{name} {tally} {item}", verdict)
        elif not times:
            _count(-entry.count, f"{name} {tally} {item}", verdict)
        else:
            _count(weight(times, entry.ts) - entry.count, f"{name} {tally} {item}", verdict)
    if user.ids is not None:
        _count(user.ids - len(row.event_ids) // SIZE, f"{name} event ids", verdict)
    if row.offsets != user.offsets and verdict.settled():
        verdict.lost += 1
        verdict.say(f"{name} is at {row.offsets} instead of {user.offsets}")


def _check_items(truth: Truth, rows: Mapping[bytes, bytes], stats: Mapping[bytes, bytes], verdict: Verdict) -> None:
    found: dict[str, ItemRow] = {key.decode(): unpack_item(value) for key, value in rows.items()}
    for item in (truth.items.keys() | found.keys()) - {GHOST}:
        version = found[item].version if item in found else 0
        _count(truth.items[item] - version, f"{item} signals", verdict)
        known = decode_stats(stats[item.encode()]).version if item.encode() in stats else 0
        if known < version and not truth.halted:
            verdict.stats_behind += 1
            verdict.say(f"the statistics of {item} are at {known} of {version}")


def _check_lists(truth: Truth, records: Iterable[Any], prefix: str, to_come: set[Place], verdict: Verdict) -> None:
    seen: set[str] = set()
    covered: set[Place] = set()
    for record in records:
        head = decode_list(record.value)
        verdict.lists_repeated += head.list_id in seen
        seen.add(head.list_id)
        for topic, partition, offset in head.covers:
            covered.add((truth.past.name(topic.removeprefix(prefix), "recommendations", record), partition, offset))
    missing = truth.triggers - covered - to_come
    unexpected = {place for place in covered - truth.triggers - truth.free if not truth.beyond(place)}
    verdict.lists_missing += len(missing)
    verdict.lists_unexpected += len(unexpected)
    for place in sorted(missing)[:3]:
        verdict.say(f"no list covers {place}")
    for place in sorted(unexpected)[:3]:
        verdict.say(f"a list covers {place}, which is no trigger")


def _check_dead_letters(truth: Truth, records: Iterable[Any], prefix: str, verdict: Verdict) -> None:
    found: dict[Place, str] = {}
    for record in records:
        context = {name.rpartition(".")[2]: value.decode() for name, value in record.headers if name.startswith("streamrec.errors.")}
        name = truth.past.name(context["topic"].removeprefix(prefix), "dead-letters", record)
        place = (name, int(context["partition"]), int(context["offset"]))
        if not truth.beyond(place):
            found[place] = context["reason"]
    missing = truth.dead.keys() - found.keys()
    wrong = {place for place, reason in found.items() if truth.dead.get(place) != reason}
    verdict.dead_letters_missing += len(missing)
    verdict.dead_letters_unexpected += len(wrong)
    for place in sorted(missing)[:3]:
        verdict.say(f"no dead letter of {place} ({truth.dead[place]})")
    for place in sorted(wrong)[:3]:
        verdict.say(f"a dead letter of {place} says {found[place]} instead of {truth.dead.get(place, 'nothing')}")


def _check_marks(records: Iterable[Any], family: str, verdict: Verdict) -> None:
    """A partition's marks never go back, but in a topic that was made again: whoever writes an older one has read the past."""
    highest: Counter[tuple[int, str, str | None]] = Counter()
    for record in records:
        if record.key == MARK:
            mark = decode_mark(record.value)
            for topic, position in mark.next.items():
                place = record.partition, topic, mark.topics.get(topic)
                if position < highest[place]:
                    verdict.went_back += 1
                    verdict.say(f"a mark of {family}/{record.partition} goes back to {position} of {topic}")
                highest[place] = max(position, highest[place])
