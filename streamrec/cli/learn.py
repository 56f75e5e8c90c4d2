"""`streamrec learn`: learning from feedback while the workers run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit, emit_line, note
from streamrec.settings import Settings

if TYPE_CHECKING:
    from streamrec.learning.survey import Learned

app = typer.Typer(no_args_is_help=True, help="Learn from feedback while the workers run.")
MOST_CHANGES = 5
"""Weights that are shown of each head: the largest changes, in one line of a terminal; --json has all."""
Base = Annotated[str | None, typer.Option("--base", help="The base blend, where there are several; `learn status` names them.")]


@app.callback()
def learn() -> None:
    """Learn from feedback while the workers run."""


@app.command()
@takes_settings("Kafka", "Learning", "Logs")
def run(settings: Settings) -> None:
    """Join feedback to the lists it came from, learn, and publish weights to the workers; SIGTERM ends it."""
    import asyncio

    import uvloop

    from streamrec.engine.server import listen
    from streamrec.kafka import topics
    from streamrec.learning.metrics import LearnerMetrics, pages
    from streamrec.learning.process import serve
    from streamrec.system.addresses import http_url

    with listen(settings.web_host, settings.learn_port) as listening:
        # The port is taken before anything else: a second learner on this machine ends here, before it reads.
        topics.create(settings)
        host, port = listening.getsockname()[:2]
        note(f"learning from {settings.broker}; {http_url(host, port)}/metrics")
        metrics = LearnerMetrics()

        async def work() -> None:
            async with pages(metrics, listening, settings.web_host):
                await serve(settings, metrics)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work())


@app.command()
@takes_settings("Kafka")
def status(
    settings: Settings,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show, for every base blend, which learned weights are served, what they were judged by, and what can be restored."""
    from streamrec.learning.survey import survey

    bases = survey(settings)
    emit(as_json, {"bases": [_described(base) for base in bases]}, "\n".join(map(_text, bases)) or "nothing was learned yet")


@app.command()
@takes_settings("Kafka")
def rollback(
    settings: Settings,
    base: Base = None,
    to_base: Annotated[bool, typer.Option("--to-base", help="Serve the model's own weights, without anything learned.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was published as one JSON object.")] = False,
) -> None:
    """Serve the version before the present one again; a running learner goes on from there."""
    from streamrec.learning.survey import restore

    weights = restore(settings, base, to_base=to_base)
    emit(as_json, msgspec.to_builtins(weights), f"{weights.version} restores {weights.restores}")


@app.command()
@takes_settings("Kafka")
def examples(settings: Settings) -> None:
    """Print what came of each list, one JSON object a line: a log for `streamrec evaluate --off-policy` and for training."""
    from streamrec.learning import survey

    for value in survey.examples(settings):
        emit_line(value.decode())


def _described(learned: Learned) -> dict[str, Any]:
    return {
        "base": learned.base,
        "weights": msgspec.to_builtins(learned.weights) if learned.weights else None,
        "restorable": [weights.version for weights in learned.state.earlier] if learned.state else [],
        "heads": _heads(learned),
    }


def _heads(learned: Learned) -> dict[str, dict[str, Any]]:
    """What each action taught, those with more evidence first."""
    from streamrec.learning.trainer import delta_of

    heads = sorted(learned.state.heads.items() if learned.state else (), key=lambda pair: -pair[1].evidence)
    return {action: {"evidence": round(head.evidence, 1), "delta": delta_of(head.theta)} for action, head in heads}


def _text(learned: Learned) -> str:
    if learned.weights is None:
        return f"{learned.base}: nothing was published yet"
    weights, metrics = learned.weights, "  ".join(f"{name} {value:g}" for name, value in learned.weights.metrics.items())
    restored = f", restores {weights.restores}" if weights.restores else ""
    by_action = _heads(learned).items()
    heads = [f"{action} (evidence {head['evidence']:g}): {_changes(head['delta'], MOST_CHANGES)}" for action, head in by_action]
    lines = [f"{weights.version} (by the {weights.by}{restored})", _changes(weights.delta) or "no change to the base", metrics, *heads]
    return "\n  ".join(lines)


def _changes(delta: dict[str, float], most: int | None = None) -> str:
    """Changes of weights by feature, the largest first."""
    ordered = sorted(delta.items(), key=lambda pair: -abs(pair[1]))[:most]
    return "  ".join(f"{name} {value:+.3f}" for name, value in ordered)
