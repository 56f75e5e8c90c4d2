"""`streamrec topics`: make Kafka's topics what they should be, and look at them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit
from streamrec.settings import Settings

if TYPE_CHECKING:
    from streamrec.kafka.topics import Report

app = typer.Typer(no_args_is_help=True, help="Create and describe the Kafka topics.")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
@takes_settings("Kafka")
def create(settings: Settings, as_json: AsJson = False) -> None:
    """Create the topics that are missing; one that exists otherwise than needed is an error."""
    from streamrec.kafka import topics
    from streamrec.system import logs

    logs.configure(settings.log_level)
    _show(topics.create(settings), as_json)


@app.command()
@takes_settings("Kafka")
def describe(settings: Settings, as_json: AsJson = False) -> None:
    """Show every topic as it is; exit 1 when one is missing or otherwise than needed."""
    from streamrec.kafka import topics
    from streamrec.system import logs

    logs.configure(settings.log_level)
    reports = topics.describe(settings)
    _show(reports, as_json)
    if any(report.problem for report in reports):
        raise typer.Exit(1)


def _show(reports: list[Report], as_json: bool) -> None:
    lines = [f"{'topic':34} {'key':10} {'partitions':>10}  {'cleanup':8} state"]
    for report in reports:
        lines.append(f"{report.topic:34} {report.key:10} {report.partitions:10}  {report.cleanup:8} {report.state}")
    lines += [f"{report.topic}: {report.problem}" for report in reports if report.problem]
    emit(as_json, {"topics": [asdict(report) for report in reports]}, "\n".join(lines))
