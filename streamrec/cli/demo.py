"""`streamrec demo`: everything on this machine, in one command."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from streamrec.cli.support.interrupts import one_interrupt
from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit, note
from streamrec.settings import Settings
from streamrec.simulator.playback import Lang

WIDTH = 4000
"""Columns of output that is no terminal: nothing is cut there."""


@takes_settings()
def demo(
    settings: Settings,
    headless: Annotated[bool, typer.Option("--headless", help="Show no lists, only the figures at the end.")] = False,
    duration: Annotated[float | None, typer.Option(min=1, help="Stop after so many seconds of events.")] = None,
    rate: Annotated[float, typer.Option(min=0.1, help="Messages per second.")] = 20,
    seed: Annotated[int, typer.Option(help="The same seed makes the same shop.")] = 0,
    bad_share: Annotated[float, typer.Option(min=0, max=1, help="Share of messages that are malformed on purpose.")] = 0.01,
    lang: Annotated[Lang, typer.Option(help="What is spoken; zh: a wholly Chinese shop, all of it made up.")] = "both",
    learn: Annotated[bool, typer.Option("--learn", help="Viewers react to their lists, and a learner follows.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object, the last line of stdout.")] = False,
) -> None:
    """Start everything on this machine and show ranked lists as they come, and what is understood of its rooms.

    An embedded Kafka, a worker with the shipped models, and a made-up live shop with real items and real purchases.
    Everything runs in a temporary folder and is stopped and removed in the end. With --broker, or STREAMREC_BROKER, a
    cluster of yours is used, with topics of the demo's own that are deleted in the end.
    """
    from rich.console import Console

    from streamrec.demo.run import Plan, run

    console = None if headless or as_json else Console(width=None if sys.stdout.isatty() else WIDTH)
    # Broker, worker and folder are to be ended and removed once, however often and impatiently Ctrl-C is pressed.
    with one_interrupt() as ignore_more:
        report = run(settings, Plan(rate, duration, seed, bad_share, learn=learn, lang=lang), note, console, ignore_more)
    emit(as_json, asdict(report), "\n".join(filter(None, (report.text(), report.understood.text()))))
