"""`streamrec watch`: lists as they come."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streamrec.cli.support.interrupts import stop_on_signals
from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit, note
from streamrec.events.types import Recommendation, to_builtins
from streamrec.settings import Settings
from streamrec.system.clock import HOUR_MS
from streamrec.system.printing import printable

if TYPE_CHECKING:
    from streamrec.operations.titles import Titles

TITLE = 44
"""Columns of a title; it is cut where it would break the lines of a terminal."""


@takes_settings("Kafka")
def watch(
    settings: Settings,
    user: Annotated[str | None, typer.Option(help="Only the lists of this user.")] = None,
    room: Annotated[str | None, typer.Option(help="Only lists made in this room.")] = None,
    last: Annotated[int, typer.Option(min=0, help="Begin with the last so many lists.")] = 0,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many lists.")] = None,
    top: Annotated[int, typer.Option(min=1, help="Items of each list to show.")] = 5,
    titles: Annotated[bool, typer.Option("--titles/--no-titles", help="Read the topics of items and rooms for their titles.")] = True,
    show_users: Annotated[bool, typer.Option("--show-users", help="Show whose lists they are.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each list as one line of JSON, whole.")] = False,
) -> None:
    """Show lists as they come, until Ctrl-C: when, for what, how late, and the top items with scores and reasons."""
    from streamrec.operations.served_lists import Follower

    with_user = show_users or user is not None
    follower = Follower(settings, user, room, with_titles=titles and not as_json)
    with stop_on_signals() as stop:
        note("waiting for lists; Ctrl-C ends")
        for made in islice(follower.run(last, stop.is_set), count):
            emit(as_json, data(made, with_user), block(made, follower.titles, top, settings.prefix, with_user))


def data(made: Recommendation, with_user: bool) -> dict[str, Any]:
    """A list for JSON, without the user unless it is asked for."""
    shown: dict[str, Any] = to_builtins(made)
    if not with_user:
        del shown["user_id"]
    return shown


def block(made: Recommendation, titles: Titles, top: int, prefix: str, with_user: bool) -> str:
    """A list for people to read."""
    who = f"{made.user_id}  " if with_user else ""
    kind = made.trigger.topic.removeprefix(prefix)
    more = f" and {len(made.covers) - 1} more" if len(made.covers) > 1 else ""
    where = f" in {_name(titles.rooms, made.room_id)}" if made.room_id else ""
    late = made.generated_ts - made.trigger.ts
    # Events that are replayed keep their times of long ago, and a delay of years says nothing.
    after = f"{late} ms" if 0 <= late < HOUR_MS else "event time is another"
    degraded = f"  degraded: {made.degraded}" if made.degraded else ""
    moment = datetime.fromtimestamp(made.generated_ts / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    lines = [f"{moment}  {who}{kind}{more}{where}  {after}{degraded}  {made.list_id}"]
    for item in made.items[:top]:
        lines.append(f"  {item.rank:3}  {_name(titles.items, item.item_id):{TITLE}} {item.score:8.3f}  {', '.join(item.reasons)}")
    if not made.items:
        lines.append("       no items")
    return "\n".join(map(printable, lines))


def _name(names: Mapping[str, str], own_id: str) -> str:
    """The title, or the id where there is none."""
    text = printable(names.get(own_id, own_id))
    return text if len(text) <= TITLE or not sys.stdout.isatty() else text[: TITLE - 1] + "…"
