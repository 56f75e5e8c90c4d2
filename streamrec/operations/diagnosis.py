"""What does not fit together in the state of a partition, what would mend it, and what that gives up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from streamrec.engine.store.mark import Mark, decode_mark
from streamrec.operations.plan import Plan, Problem, Start
from streamrec.operations.survey import Extent, View

UNFINISHED = "repair not finished"
"""Stands in a mark in the place of a topic's id: no topic has it, and so no worker goes on from that mark."""
LONGEST_KEY = 200
"""Characters of a row's key in a message; anybody may have written the key."""


def diagnose(views: Sequence[View], prefix: str, start: Start | None = None, leave_empty: bool = False) -> list[Plan]:
    """Plans for all partitions, those without problems included, in the order in which they must be done.

    A source that was made again is read from its beginning, or from its end where the workers themselves write to it. One that has lost
    its end is read from the end that it has now. `start` overrules both. With `leave_empty`, partitions whose state is nowhere are left
    alone.
    """
    plans = [_of_records(_of_sources(_of_state(view, leave_empty), prefix, start)) for view in views]
    feeding = [plan for plan in plans if not plan.view.side.in_memory]
    # A fence beyond the end of its source stems from a topic that was made again, and would keep out all that comes.
    limits: dict[str, float] = {
        f"{topic.removeprefix(prefix)}-{plan.view.number}": extent.end for plan in feeding for topic, extent in plan.view.sources.items()
    }
    again = {f"{topic}-{plan.view.number}": limit for plan in feeding for topic, limit in plan.limits.items()}
    # First those who remember what others have read: only the marks of these others tell of the trouble.
    return [_of_memory(plan, limits | again, bool(again)) for plan in plans if plan.view.side.in_memory] + feeding


def unfinished(mark: Mark) -> Mark:
    """The mark that goes with rows of which some are still missing: every worker refuses it."""
    return msgspec.structs.replace(mark, topics=dict.fromkeys(mark.topics, UNFINISHED))


def known_mark(view: View) -> Mark | None:
    """The mark with which recovery would go on."""
    if view.mark is not None and UNFINISHED not in view.mark.topics.values():
        return view.mark
    return decode_mark(view.stamp.mark) if view.usable and view.stamp and view.stamp.mark else None


def _of_state(view: View, leave_empty: bool) -> Plan:
    """Compare disk and changelog. The mark of the plan says where the sources go on as far as these two tell."""
    plan, mark, stamp = Plan(view), known_mark(view), view.stamp
    if view.foreign and stamp is not None:
        own = decode_mark(stamp.mark) if stamp.mark else None
        log = view.side.changelog
        # The mark must know these sources: the folder may be one of another prefix, with rows that are none of ours.
        if mark is None and own is not None and own.next.keys() & view.sources.keys():
            wrong = f"{log} has no state, but the disk in {view.folder} has the rows of the {log} before it, as of {_time(stamp.saved_ms)}"
            remedy = f"write the disk's rows into {log}"
            problem = Problem(view.label, "changelog", log, wrong, remedy, "nothing")
            return replace(plan, mark=own, rows="disk", wipe=True, problems=(problem,))
        if stamp.changelog == view.changelog.topic_id:
            beyond = f"{stamp.position - view.changelog.end} positions of {log}, whose events are read again"
            wrong = f"the disk in {view.folder} is at {stamp.position} of {log}, which ends at {view.changelog.end}"
        else:
            beyond = f"what only the disk has, up to {stamp.position} positions of a {log} that is gone"
            wrong = f"the disk in {view.folder} belongs to another {log}"
        remedy = f"wipe the disk, to be built anew from {log}"
        plan = replace(plan, wipe=True, problems=(Problem(view.label, "disk", log, wrong, remedy, beyond),))
    elif _outdated(view, mark):
        log = view.side.changelog
        wrong = f"the disk in {view.folder} is older than {log}, of whose beginning a repair has kept what there was"
        remedy = f"wipe the disk, to be built anew from {log}"
        plan = replace(plan, wipe=True, problems=(Problem(view.label, "disk", log, wrong, remedy, "nothing"),))
    if mark is not None:
        return replace(plan, mark=mark)
    # Nothing was ever read: it is a first start, and no state is missing.
    if not view.read and view.mark is None:
        return plan
    return _begin(plan, leave_empty)


def _outdated(view: View, mark: Mark | None) -> bool:
    """Whether the worker would spare a disk older than the changelog's beginning, taking it for all that is left of what was there."""
    if mark is None or view.stamp is None or view.stamp.mark is None or view.usable:
        return False
    return decode_mark(view.stamp.mark).begins < view.changelog.first <= mark.begins


def _begin(plan: Plan, leave: bool) -> Plan:
    view = plan.view
    log = view.side.changelog
    wrong = f"events were read, but {log} has no state, and there is no disk of it in {view.folder}"
    remedy = "leave it, for the worker whose data folder has that disk" if leave else "begin at the beginning of the sources"
    lost = "nothing" if leave else "all that was known from events older than those that the sources keep; lists are made again"
    problem = Problem(view.label, "beginning", log, wrong, remedy, lost)
    plan = replace(plan, problems=(*plan.problems, problem))
    return plan if leave else replace(plan, mark=_beginning(view), rows="delete")


def _of_records(plan: Plan) -> Plan:
    """Find what others wrote to the changelog or deleted from it, and what the broker's disk has damaged."""
    view, log, mark = plan.view, plan.view.side.changelog, plan.mark
    if plan.left:
        return plan
    problems, nexts, begins = list(plan.problems), None, None
    if view.newest_mark_garbage:
        wrong = f"the newest mark in {log} cannot be read, so that no worker can go on from it"
        gives_up = "nothing: events since the mark before it are applied where their rows have not seen them"
        problems.append(Problem(view.label, "mark", log, wrong, "go on from the mark before it", gives_up))
    for key, why in view.garbage.items():
        name = printable(key)
        wrong = f"the row of {name} cannot be read ({why}); where a newer streamrec wrote it, start that one instead"
        gives_up = view.side.lost.get(key, f"what was known of {name}")
        problems.append(Problem(view.label, "row", log, wrong, "delete the row", gives_up, 1))
    known = mark or known_mark(view)
    if not view.usable and view.changelog.first > (known.begins if known else 0) and plan.rows == "changelog":
        begins = view.changelog.first
        wrong = f"{log} begins at {begins}: records before that were deleted, and no disk here has what was in them"
        gives_up = f"rows that were last written before position {begins}"
        problems.append(Problem(view.label, "truncated", log, wrong, "go on with the rows that are left", gives_up))
    # A worker counts on the changelog from where its mark says that every row is there.
    rewrite = view.unreadable is not None and view.unreadable >= (known.begins if known else 0) and plan.rows == "changelog"
    if rewrite:
        begins = view.changelog.end
        wrong = f"{log} has records that cannot be read, the last at {view.unreadable}"
        gives_up = "what they say of rows; nothing, where it was not a worker that wrote them"
        problems.append(Problem(view.label, "unreadable", log, wrong, "write all rows once more, behind them", gives_up))
    for topic, behind in view.damaged.items():
        at = (known or _beginning(view)).next[topic]
        nexts = (nexts or dict((known or _beginning(view)).next)) | {topic: behind}
        wrong = f"the records of {topic}/{view.number} from {at} to {behind - 1} are damaged on the broker's disk"
        problems.append(Problem(view.label, "damaged", topic, wrong, f"go on at {behind}", f"{behind - at} records", behind - at))
    if len(problems) == len(plan.problems):
        return plan
    base = known or _beginning(view)
    base = Mark(nexts or base.next, base.topics, base.memory, begins=base.begins if begins is None else begins)
    return replace(plan, mark=base, drop=tuple(view.garbage), rewrite=rewrite, problems=tuple(problems))


def printable(key: bytes) -> str:
    """A row's key for messages; ours have at most 512 bytes."""
    text = key.decode(errors="backslashreplace")
    shown = text if text.isprintable() else f"0x{key.hex()}"
    return shown if len(shown) <= LONGEST_KEY else f"{shown[:LONGEST_KEY]}… ({len(key)} bytes)"


def _of_sources(plan: Plan, prefix: str, start: Start | None) -> Plan:
    """Compare mark and sources. Where nothing changes, the plan keeps no mark: none need be written."""
    mark, view = plan.mark, plan.view
    if mark is None:
        return plan
    problems, moved, limits = list(plan.problems), dict(mark.next), {}
    for topic, extent in view.sources.items():
        position = mark.next.get(topic)
        if position is None:
            continue
        again = mark.topics.get(topic) != extent.topic_id
        if again or position > extent.end:
            # What is in a topic of signals that was made again was sent before anybody had noticed: all of it will be sent again, after
            # signals of earlier events that are not in it. Counted now, it would keep those out.
            come_again = again and view.side.in_memory is not None
            go = start or ("end" if come_again else "beginning" if again or extent.topic_id is None else "end")
            moved[topic] = _place(extent, go)
            limits[topic.removeprefix(prefix)] = extent.end if go == "end" and not again else 0
            problems.append(_lost(view.label, topic, position, extent, again, come_again, go))
        elif position < extent.first:
            moved[topic] = extent.first
            missed = extent.first - position
            wrong = f"{topic}/{view.number} begins at {extent.first}, and was read up to {position}: retention removed unread events"
            gives_up = f"{missed} records of {topic}/{view.number} ({position} to {extent.first - 1})"
            problems.append(Problem(view.label, "retention", topic, wrong, f"go on at {extent.first}", gives_up, missed))
    needed = moved != mark.next or limits or plan.rows != "changelog"
    ids = {topic: extent.topic_id for topic, extent in view.sources.items()}
    moved_mark = Mark(moved, ids, mark.memory, begins=mark.begins)
    return replace(plan, mark=moved_mark if needed else None, limits=limits, problems=tuple(problems))


def _lost(label: str, topic: str, position: int, extent: Extent, again: bool, come_again: bool, go: Start) -> Problem:
    there = f"{extent.end - extent.first} records that it has now"
    if again:
        wrong = f"{topic} was made again after it was read up to {position}"
        old = "what was not read of the topic before it"
        gives_up = old if go == "beginning" or come_again else f"{old}, and the {there}"
    else:
        wrong = f"{topic} was read up to {position}, but ends at {extent.end}: it lost its last records"
        gives_up = "events that came after that loss until now" if go == "end" else f"that events count once: the {there} count again"
    return Problem(label, "source", topic, wrong, f"go on at its {go} ({_place(extent, go)})", gives_up)


def _place(extent: Extent, go: Start) -> int:
    return extent.first if go == "beginning" else extent.end


def _of_memory(plan: Plan, limits: Mapping[str, float], again: bool) -> Plan:
    """Mend the fences of a family that others feed. What it has not read yet may carry offsets of topics that are gone."""
    view, forget = plan.view, plan.view.side.in_memory
    if forget is None or plan.left:
        return plan
    mark = plan.mark or known_mark(view) or _beginning(view)
    memory = forget(mark.memory, limits)
    ends = {topic: extent.end for topic, extent in view.sources.items()}
    unread = sum(max(0, end - mark.next.get(topic, view.sources[topic].first)) for topic, end in ends.items()) if again else 0
    if not unread and memory == mark.memory:
        return plan
    wrong = "events of a topic that was made again would be taken for those that it has counted before"
    gives_up = f"{unread} records of {', '.join(ends)} that were not read" if unread else "nothing"
    problem = Problem(view.label, "fences", view.side.changelog, wrong, "forget which ones were counted", gives_up, unread)
    ids = {topic: extent.topic_id for topic, extent in view.sources.items()}
    mended = Mark(ends if again else mark.next, ids, memory, begins=mark.begins)
    return replace(plan, mark=mended, problems=(*plan.problems, problem))


def _beginning(view: View) -> Mark:
    firsts = {topic: extent.first for topic, extent in view.sources.items()}
    return Mark(firsts, {topic: extent.topic_id for topic, extent in view.sources.items()}, {}, begins=view.changelog.first)


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(" ", "seconds")
