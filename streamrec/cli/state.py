"""`streamrec state`: what workers know, how to make them forget it, and the way out when something is wrong with it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit, note, only_ascii
from streamrec.cli.support.rows import FAMILIES, days, described, owner, page
from streamrec.errors import BadEvent, SettingsError, WorkerUnreachable
from streamrec.settings import Settings
from streamrec.system.clock import now_ms
from streamrec.system.printing import json_line

if TYPE_CHECKING:
    from streamrec.operations.plan import Plan, Problem
    from streamrec.operations.survey import Side

app = typer.Typer(no_args_is_help=True, help="Look after the workers' state.")

User = Annotated[str, typer.Argument(help="The user's id.")]
Url = Annotated[str | None, typer.Option("--url", help="Ask the worker at this address, such as http://10.0.0.7:6066.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

FROM = "Where to go on in a topic that was made again or has lost its end; by default the beginning of the one and the end of the other."
LEAVE = "Leave partitions whose state is neither in Kafka nor in this data folder: another worker's folder may have it."


@app.callback()
def state() -> None:
    """Look after the workers' state."""


@app.command()
@takes_settings("Kafka", "Worker")
def get(settings: Settings, user: User, url: Url = None, as_json: AsJson = False) -> None:
    """Show what is known of a user: from the worker of the data folder if it runs, else from the folder; exit 1 when nothing is."""
    from streamrec.engine.store.shelf import shelf
    from streamrec.web.client import ask_state, url_of

    token = settings.web_token.get_secret_value() if settings.web_token else None
    if url is not None:
        answer, source = ask_state(url, user, token), url
    else:
        with shelf(settings.data_dir) as rows:
            address = url_of(settings.data_dir) if rows.live else None
            if address is None:
                answer, source = described(rows, user, settings.partitions), str(settings.data_dir)
        if address is not None:
            answer, source = ask_state(address, user, token), address
    answer["source"] = source
    if not answer["here"]:
        note(f"partition {answer['partition']} of this user is not at {source}{owner(settings, answer['partition'])}")
    emit(as_json, answer, page(answer))
    if answer["row"] is None:
        raise typer.Exit(1)


@app.command()
@takes_settings("Worker")
def dump(
    settings: Settings,
    family: Annotated[Literal["user", "item", "room", "all"], typer.Option(help="Rows of users, of items, of rooms, or all.")] = "all",
) -> None:
    """Print all rows of a data folder as JSON lines; beside a running worker, as of its last checkpoint."""
    from streamrec.cli.support.rows import as_line
    from streamrec.engine.store.shelf import shelf

    narrow, count = only_ascii(), 0
    columns = (SpinnerColumn(), TextColumn("{task.completed} rows"))
    with shelf(settings.data_dir) as rows, Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("rows", total=None)
        if rows.live:
            note(f"a worker runs on {settings.data_dir}: its rows are those of its last checkpoints")
        for name in FAMILIES if family == "all" else (family,):
            for packed in rows.rows(name):
                sys.stdout.write(json_line(as_line(packed), only_ascii=narrow) + "\n")
                count += 1
                progress.update(task, completed=count)
    sys.stdout.flush()
    note(f"{count} rows")


@app.command()
@takes_settings("Kafka", "Worker")
def forget(
    settings: Settings,
    user: User,
    reason: Annotated[str | None, typer.Option(help="Why; it goes into the event.")] = None,
    timeout: Annotated[float, typer.Option(min=0, help="How long (s) to wait until it is proven.")] = 60.0,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Only send the erasure.")] = False,
    url: Url = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send the erasure of a user, wait until it is proven that nothing is known any more, and say what stays where for how long."""
    from streamrec.events.codec import key_text
    from streamrec.operations import forget as forgetting

    try:
        key_text(user.encode("utf-8", "surrogatepass"))  # what the shell gives that is no UTF-8 comes as surrogates
    except BadEvent:
        raise SettingsError(f"{user!r} is no id of a user: 1 to 128 characters, none of them a control character") from None
    if reason is not None and not 1 <= len(reason) <= 200:
        raise SettingsError("--reason has 1 to 200 characters")
    if not yes:
        _agree("Forget this user, for good?")
    ts = now_ms()
    sent = forgetting.send(settings, user, ts, reason)
    place = f"{settings.topic('erasures')}-{sent.partition}-{sent.offset}"
    result: dict[str, Any] = {"user_id": user, "erasure": place, "ts": ts, "forgotten": None, "had_row": None, "asked": None}
    # The erasure is in Kafka and will be obeyed whatever happens here; waiting only adds the proof.
    if no_wait:
        emit(as_json, result, f"sent ({place}); not waited for")
        return
    with Progress(SpinnerColumn(), TextColumn("waiting for the checkpoint"), console=Console(stderr=True), transient=True) as progress:
        progress.add_task("waiting", total=None)
        result["had_row"] = forgetting.wait(settings, sent, timeout)
    # The tombstone proves that the changelog forgot; the worker is asked too, because an event younger than the erasure makes a new row.
    result["asked"] = _absent(settings, user, url)
    result |= {"forgotten": True, "remains_ms": forgetting.remains(settings)}
    emit(as_json, result, _gone(result, settings))


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
    from streamrec.engine.store.folder import locked
    from streamrec.operations.diagnosis import diagnose
    from streamrec.operations.repair import mend
    from streamrec.operations.survey import require_no_workers, survey

    def look() -> list[Plan]:
        return diagnose(survey(settings, sides(settings)), settings.prefix, start, leave_empty)

    # The lock keeps a worker from starting on this folder meanwhile; workers on other machines are seen as members of the group.
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
        # It looks once more when no former owner can write any more: what was agreed to may have changed while one thought about it.
        plans = asyncio.run(mend(settings, plans, look))
        left = any(plan.left for plan in plans)
        _show(plans, as_json, repaired=not left)
        if left:
            raise typer.Exit(1)


def sides(settings: Settings) -> tuple[Side, ...]:
    """The families of state, and what each remembers of what it has counted."""
    from streamrec.kafka import topics
    from streamrec.operations.survey import Side
    from streamrec.state.fences import forget_in_fences, forget_in_user
    from streamrec.state.memory import ItemMemory, RoomMemory, UserMemory
    from streamrec.state.packing import unpack_item, unpack_room, unpack_user
    from streamrec.state.user import SECRET_KEY

    marks = {SECRET_KEY: "who was erased: events from before an erasure that come again make a row of the person; erase them again"}
    state = topics.state_topics(settings)
    return (
        Side("user", *state["user"], UserMemory, in_row=forget_in_user, unpack=unpack_user, lost=marks),
        Side("item", *state["item"], ItemMemory, in_memory=partial(forget_in_fences, kind=ItemMemory), unpack=unpack_item),
        Side("room", *state["room"], RoomMemory, in_memory=partial(forget_in_fences, kind=RoomMemory), unpack=unpack_room),
    )


def _absent(settings: Settings, user: str, url: str | None) -> str | None:
    """The address of the worker that was asked too and knows nothing, or None when none could be found."""
    from streamrec.errors import NotForgotten
    from streamrec.web.client import ask_state, url_of

    address = url or url_of(settings.data_dir)
    if address is None:
        return None
    try:
        answer = ask_state(address, user, settings.web_token.get_secret_value() if settings.web_token else None)
    except WorkerUnreachable:
        # An address that was given must answer; one that only stands in the folder may be of a worker that has stopped.
        if url is not None:
            raise
        return None
    if answer["row"] is not None:
        raise NotForgotten("the row was deleted, and younger events have made a new one: stop their source, then forget again")
    return address if answer["here"] else None


def _gone(result: dict[str, Any], settings: Settings) -> str:
    row = "the row is deleted, by a committed tombstone in the changelog" if result["had_row"] else "there was no row"
    asked = f"; the worker at {result['asked']} knows nothing of this user" if result["asked"] else ""
    kept = [f"  {settings.topic(name)}: {days(ms)}" for name, ms in result["remains_ms"].items()]
    disks = [
        "and on disks: of the worker that has the partition some seconds, of those that had it before for lost_disk_s "
        f"({settings.lost_disk_s:g} s as set here), of workers that do not run until they start again or their folders are deleted",
    ]
    return "\n".join([f"forgotten: {row}{asked}", "what was written before stays in these topics for at most", *kept, *disks])


def _ask(plans: Sequence[Plan]) -> None:
    for problem in _problems(plans):
        note(str(problem))
    _agree("Repair all of this?")


def _agree(question: str) -> None:
    # A script that forgot --yes must neither hang on the question nor have agreed to it.
    if not sys.stdin.isatty():
        note("nothing was changed: there is no terminal to ask on; agree with --yes")
        raise typer.Exit(1)
    typer.confirm(question, abort=True, err=True)


def _problems(plans: Sequence[Plan]) -> list[Problem]:
    return [problem for plan in plans for problem in plan.problems]


def _show(plans: Sequence[Plan], as_json: bool, *, repaired: bool) -> None:
    problems = _problems(plans)
    text = "\n".join([*map(str, problems), *(["repaired; start the workers"] if repaired else [])])
    emit(as_json, {"problems": [asdict(problem) for problem in problems], "repaired": repaired}, text)
