"""`streamrec doctor`: what is wrong here, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer

from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit
from streamrec.settings import Settings
from streamrec.system.printing import printable

COLOURS = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}


@takes_settings("Kafka", "Worker", "Model")
def doctor(
    settings: Settings,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check this machine, Kafka, the model and the worker's folder; exit 1 when something fails."""
    from streamrec.doctor import kafka, machine

    here = [machine.python(), machine.libraries(), machine.compiled(), machine.jvm(), *machine.model(settings)]
    here += [machine.data_folder(settings), machine.last_run(settings)]
    checks = here + kafka.checks(settings)
    healthy = all(check.state != "fail" for check in checks)
    if as_json:
        emit(True, {"healthy": healthy, "checks": [check._asdict() for check in checks]}, "")
    else:
        for check in checks:
            typer.echo(f"{typer.style(f'{check.state:<5}', fg=COLOURS[check.state])} {check.name}: {printable(check.found)}")
            if check.advice:
                typer.echo(f"      → {printable(check.advice)}")
    if not healthy:
        raise typer.Exit(1)
