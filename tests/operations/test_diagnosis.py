"""What is found wrong with views of partitions, and that doing what is planned leaves nothing wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.engine.store.mark import Mark, Stamp, encode
from streamrec.operations.diagnosis import diagnose, known_mark, unfinished
from streamrec.operations.plan import Plan
from streamrec.operations.survey import Extent, Side, View
from streamrec.state.fences import forget_in_fences, forget_in_user
from streamrec.state.memory import ItemMemory

USER = Side("user", ("shop.views", "shop.erasures"), "shop.user-changelog", in_row=forget_in_user)
ITEM = Side("item", ("shop.item-signals",), "shop.item-changelog", in_memory=partial(forget_in_fences, kind=ItemMemory))


def mark(side: Side, position: int = 5, topic_id: str | None = "now", **memory: object) -> Mark:
    return Mark(dict.fromkeys(side.sources, position), dict.fromkeys(side.sources, topic_id), dict(memory))


def replace_begins(found: Mark, begins: int) -> Mark:
    return msgspec.structs.replace(found, begins=begins)


def stamp(position: int, own: Mark | None, changelog: str = "now") -> Stamp:
    return Stamp(changelog, position, 0, encode(own) if own else None)


def view(side: Side = USER, found: Mark | None = None, disk: Stamp | None = None, first: int = 0, end: int = 9, **more: bool) -> View:
    log = Extent(0, 20 if found else 0, "now")
    extents = dict.fromkeys(side.sources, Extent(first, end, "now"))
    values = {"stale": False, "read": found is not None} | more
    return View(side, 0, Path("disk"), log, extents, found, disk, **values)


def only(*views: View, **options: object) -> Plan:
    (plan,) = [plan for plan in diagnose(views, "shop.", **options) if plan.problems]  # type: ignore[arg-type]
    return plan


@pytest.mark.parametrize(
    "sound",
    [
        view(),
        view(found=mark(USER)),
        view(found=mark(USER), disk=stamp(20, mark(USER, 3))),
        view(found=None, disk=stamp(0, mark(USER)), read=True),
        view(found=Mark({"shop.views": 2}, {"shop.views": "now"}, {})),
        view(ITEM, found=mark(ITEM, fences={"views-0": [8, 0]})),
    ],
    ids=["first start", "no disk", "disk behind", "mark on the disk only", "a source that is new", "fences"],
)
def test_what_fits_together_is_left_alone(sound: View) -> None:
    feeding = [] if sound.side is USER else [view(found=mark(USER))]
    plans = diagnose([sound, *feeding], "shop.")
    assert [(plan.mark, plan.wipe, plan.problems) for plan in plans] == [(None, False, ())] * len(plans)


def test_a_disk_ahead_of_its_changelog_is_wiped_and_nothing_is_written() -> None:
    plan = only(view(found=mark(USER), disk=stamp(27, mark(USER))))
    assert (plan.wipe, plan.mark, plan.problems[0].kind) == (True, None, "disk")
    assert "7 positions" in plan.problems[0].gives_up


def test_a_disk_of_another_deployment_is_wiped_and_not_written_to_an_empty_changelog() -> None:
    foreign = Mark({"other.views": 4}, {"other.views": "now"}, {})
    plan = only(view(disk=stamp(10, foreign, "before")))
    assert (plan.wipe, plan.mark, plan.problems[0].kind) == (True, None, "disk")


def test_a_changelog_made_again_takes_the_rows_of_the_disk_and_gives_up_nothing() -> None:
    plan = only(view(disk=stamp(10, mark(USER), "before"), read=True))
    assert (plan.wipe, plan.rows, plan.mark) == (True, "disk", mark(USER))
    assert [problem.gives_up for problem in plan.problems] == ["nothing"]


def test_rows_that_were_not_all_written_are_taken_from_the_disk_again() -> None:
    plan = only(view(found=unfinished(mark(USER)), disk=stamp(10, mark(USER), "before")))
    assert (plan.rows, plan.mark) == ("disk", mark(USER))


def test_a_disk_from_before_the_beginning_that_a_repair_has_given_up_is_wiped() -> None:
    found = replace(view(found=replace_begins(mark(USER), 8), disk=stamp(3, mark(USER))), changelog=Extent(8, 20, "now"))
    plan = only(found)
    assert (plan.wipe, plan.mark) == (True, None)
    assert [(problem.kind, problem.gives_up) for problem in plan.problems] == [("disk", "nothing")]


def test_records_that_cannot_be_read_matter_until_all_rows_stand_behind_them() -> None:
    found = replace(view(found=mark(USER)), unreadable=12)
    plan = only(found)
    assert (plan.rewrite, plan.problems[0].kind) == (True, "unreadable")
    assert plan.mark is not None
    assert plan.mark.begins == 20
    assert [one.problems for one in diagnose([replace(found, mark=plan.mark)], "shop.")] == [()]


@pytest.mark.parametrize(("start", "position", "limit"), [(None, 2, 0), ("end", 9, 0)])
def test_a_source_made_again_is_read_from_its_beginning_or_end(start: str | None, position: int, limit: int) -> None:
    plan = only(view(found=mark(USER, 5, "before"), first=2), start=start)
    assert plan.mark == mark(USER, position)
    assert plan.limits == {"views": limit, "erasures": limit}


@pytest.mark.parametrize(("start", "position", "limit"), [(None, 9, 9), ("beginning", 2, 0)])
def test_a_source_that_lost_its_end_is_read_from_there(start: str | None, position: int, limit: int) -> None:
    plan = only(view(found=mark(USER, 12), first=2), start=start)
    assert plan.mark == mark(USER, position)
    assert plan.limits == {"views": limit, "erasures": limit}


def test_what_retention_removed_unread_is_counted() -> None:
    plan = only(view(found=mark(USER, 5), first=8))
    assert plan.mark == mark(USER, 8)
    assert [(problem.kind, problem.records) for problem in plan.problems] == [("retention", 3)] * 2
    assert "3 records of shop.views/0 (5 to 7)" in plan.problems[0].gives_up


@pytest.mark.parametrize("found", [None, unfinished(mark(USER))], ids=["empty", "a repair that was not finished"])
def test_without_changelog_and_disk_state_begins_anew_unless_it_is_to_be_left(found: Mark | None) -> None:
    lost = view(found=found, first=2, read=True)
    plan = only(lost)
    assert (plan.rows, plan.mark) == ("delete", mark(USER, 2))
    left = only(lost, leave_empty=True)
    assert (left.left, left.mark, left.wipe) == (True, None, False)


def test_items_forget_what_they_counted_of_a_topic_made_again_and_skip_what_they_have_not_read() -> None:
    items = view(ITEM, found=mark(ITEM, 5, fences={"views-0": [3, 1], "views-1": [3, 0]}))
    first, second = diagnose([view(found=mark(USER, 5, "before")), items], "shop.")
    assert (first.view.side, second.view.side) == (ITEM, USER), "the marks that tell of the trouble are written last"
    assert first.mark == mark(ITEM, 9, fences={"views-1": (3, 0)})
    assert first.problems[0].records == 4


@pytest.mark.parametrize(("start", "position"), [(None, 9), ("end", 9), ("beginning", 0)])
def test_signals_made_again_keep_their_fences_and_are_read_from_those_that_are_sent_again(start: str | None, position: int) -> None:
    """Those that are there came from workers that had not noticed, and lack what they had sent to the topic before."""
    plan = only(view(found=mark(USER)), view(ITEM, found=mark(ITEM, 5, "before", fences={"views-0": [3, 1]})), start=start)
    assert plan.mark == mark(ITEM, position, fences={"views-0": [3, 1]})
    assert [problem.gives_up for problem in plan.problems] == ["what was not read of the topic before it"]


def test_a_fence_beyond_the_end_of_its_source_is_forgotten() -> None:
    plan = only(view(read=False), view(ITEM, found=mark(ITEM, 5, fences={"views-0": [9, 0], "erasures-0": [8, 0]})))
    assert plan.mark == mark(ITEM, 5, fences={"erasures-0": (8, 0)})


marks = st.builds(
    lambda positions, ids: Mark(dict(zip(USER.sources, positions, strict=True)), dict(zip(USER.sources, ids, strict=True)), {}),
    st.tuples(st.integers(0, 12), st.integers(0, 12)),
    st.tuples(st.sampled_from(["now", "before"]), st.sampled_from(["now", "before"])),
)
stamps = st.builds(stamp, st.integers(0, 30), st.none() | marks, st.sampled_from(["now", "before"]))
fences = st.dictionaries(st.sampled_from(["views-0", "erasures-0"]), st.tuples(st.integers(0, 12), st.just(0)).map(list))


@given(
    st.builds(
        view, st.just(USER), st.none() | marks | marks.map(unfinished), st.none() | stamps, first=st.integers(0, 4), read=st.booleans()
    ),
    st.integers(0, 12),
    fences,
    st.sampled_from([None, "beginning", "end"]),
)
def test_once_done_nothing_is_wrong_any_more(users: View, counted: int, known: dict[str, list[int]], start: str | None) -> None:
    items = view(ITEM, found=mark(ITEM, min(counted, 9), fences=known))
    plans = diagnose([users, items], "shop.", start)  # type: ignore[arg-type]
    after = [done(plan) for plan in plans]
    again = [problem for plan in diagnose(after, "shop.", start) for problem in plan.problems]  # type: ignore[arg-type]
    assert again == []
    for one in after:
        found = known_mark(one)
        for topic, position in found.next.items() if found else ():
            assert one.sources[topic].first <= position <= one.sources[topic].end


def done(plan: Plan) -> View:
    """The view after the plan."""
    found = replace(plan.view, stamp=None) if plan.wipe else plan.view
    if plan.mark is None:
        return found
    log = replace(found.changelog, end=found.changelog.end + 2)
    return replace(found, mark=plan.mark, changelog=log)
