"""`streamrec state`: the state of the workers, when something is wrong with it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from streamrec.cli.options import takes_settings
from streamrec.cli.output import emit, note
from streamrec.settings import Settings

if TYPE_CHECKING:
    from streamrec.stream.diagnosis import Plan, Problem
    from streamrec.stream.survey import Side

app = typer.Typer(no_args_is_help=True, help="Look after the workers' state.")

FROM = "Where to go on in a topic that was made again or has lost its end; by default the beginning of the one and the end of the other."
LEAVE = "Leave partitions whose state is neither in Kafka nor in this data folder: another worker's folder may have it."


@app.callback()
def state() -> None:
    """Look after the workers' state."""


@app.command()
@takes_settings("Kafka", "Worker")
def repair(
    settings: Settings,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is wrong and would be done; exit 1 if anything is.")] = False,
    start: Annotated[Literal["beginning", "end"] | None, typer.Option("--from", help=FROM)] = None,
    leave_empty: Annotated[bool, typer.Option("--leave-empty", help=LEAVE)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Mend state that does not fit together, after saying what that gives up; all workers must be stopped."""
    from streamrec.stream.diagnosis import diagnose
    from streamrec.stream.folder import locked
    from streamrec.stream.repair import mend
    from streamrec.stream.survey import require_no_workers, survey

    def look() -> list[Plan]:
        return diagnose(survey(settings, sides(settings)), settings.prefix, start, leave_empty)

    with locked(settings.data_dir) if settings.data_dir.exists() else contextlib.nullcontext():
        require_no_workers(settings)
        plans = look()
        if not _problems(plans):
            emit(as_json, {"problems": [], "repaired": False}, "nothing to repair")
            return
        if dry_run:
            _show(plans, as_json, repaired=False)
            raise typer.Exit(1)
        if not yes:
            _ask(plans)
        plans = asyncio.run(mend(settings, plans, look))
        left = any(plan.left for plan in plans)
        _show(plans, as_json, repaired=not left)
        if left:
            raise typer.Exit(1)


def sides(settings: Settings) -> tuple[Side, Side]:
    """The families of state, and what each remembers of what it has counted."""
    from streamrec.state.fences import forget_in_items, forget_in_user
    from streamrec.stream import topics
    from streamrec.stream.survey import Side

    def full(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(settings.topic(name) for name in names)

    return (
        Side("user", full(topics.USER_SOURCES), settings.topic("user-changelog"), in_row=forget_in_user),
        Side("item", full(topics.ITEM_SOURCES), settings.topic("item-changelog"), in_memory=forget_in_items),
    )


def _ask(plans: Sequence[Plan]) -> None:
    for problem in _problems(plans):
        note(str(problem))
    if not sys.stdin.isatty():
        note("nothing was changed: there is no terminal to ask on; agree with --yes")
        raise typer.Exit(1)
    typer.confirm("Repair all of this?", abort=True, err=True)


def _problems(plans: Sequence[Plan]) -> list[Problem]:
    return [problem for plan in plans for problem in plan.problems]


def _show(plans: Sequence[Plan], as_json: bool, *, repaired: bool) -> None:
    problems = _problems(plans)
    text = "\n".join([*map(str, problems), *(["repaired; start the workers"] if repaired else [])])
    emit(as_json, {"problems": [asdict(problem) for problem in problems], "repaired": repaired}, text)
