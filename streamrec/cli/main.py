"""The command `streamrec`."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from streamrec.cli.support.output import note, prepare_streams
from streamrec.errors import SettingsError, StreamrecError
from streamrec.version import __version__

COMMANDS = {
    "demo": "Start everything on this machine and show ranked lists as they come.",
    "broker": "A real Kafka broker on this machine, without Docker or a system Java.",
    "topics": "Create and describe the Kafka topics.",
    "worker": "Read events, keep users, write ranked lists.",
    "learn": "Learn from feedback while the workers run.",
    "state": "What is known of users; forget one; mend state that does not fit together.",
    "dlq": "Look at dead letters, and send them back to their topics.",
    "schema": "Print the contracts of the topics, or check them.",
    "watch": "Show ranked lists as they come.",
    "simulate": "Play events into Kafka: a file of real ones, or a made-up live shop.",
    "replay": "Rank a file of events offline, with the worker's own code.",
    "understand": "Read the comments of recorded rooms offline, with the worker's own code.",
    "evaluate": "Measure ranked lists against what was bought.",
    "baselines": "Rank a file of events by simpler methods, to be measured beside.",
    "train": "Train the models.",
    "label": "Label comments of your own rooms, by two keys each.",
    "export": "Export trained models to ONNX.",
    "explain": "Say why each item is in a list.",
    "listen": "Turn the speech of a host into segments of text, for the topic `transcripts`.",
    "points": "Say what speaks for an item, chosen for a viewer.",
    "rules": "Pin, boost, bury or block items, categories and hosts.",
    "models": "Look after model folders.",
    "dataset": "Turn public data sets into items.jsonl and events.jsonl.",
    "doctor": "Check this machine, Kafka, the model and the worker's folder.",
    "config": "Show the settings in force and where they come from.",
}
"""Every command and its line in the help. A command lives in the module of its name, which is imported when the command is called.
A new command is its module, its line here and its row in docs/commands.md."""


class LazyGroup(TyperGroup):
    """Commands that are imported only when they run, so that the help is quick."""

    # Importing all of them would take seconds; the help needs their names and one line of each.
    _listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._listing = True
        super().format_help(ctx, formatter)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name]) if self._listing else load_command(cmd_name)


def load_command(name: str) -> Any:
    """The command `name`, out of the module of that name: its `app`, or else the function called like it."""
    module = import_module(f"streamrec.cli.{name}")
    if hasattr(module, "app"):
        group = get_group(module.app)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False)
    alone.command(name)(getattr(module, name))
    return get_command(alone)


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def streamrec(
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")] = False,
) -> None:
    """Real-time recommendations for live commerce, on Kafka and BERT."""


def _refuse_optimised() -> None:
    # kafka-python 3 reads the wire inside asserts: without them every broker seems to be silent.
    if sys.flags.optimize:
        raise SettingsError(
            f"Python leaves out assertions (-{'O' * sys.flags.optimize}, or PYTHONOPTIMIZE={sys.flags.optimize}), "
            "which streamrec and its Kafka client need; unset PYTHONOPTIMIZE and start Python without -O"
        )


def main() -> None:
    """Run the command line; exit 0 is good, 1 failed, 2 wrong usage, 130 interrupted."""
    prepare_streams()
    try:
        _refuse_optimised()
        app(prog_name="streamrec")
    except SettingsError as exc:
        note(f"error: {exc}")
        sys.exit(2)
    except StreamrecError as exc:
        note(f"error: {exc}")
        sys.exit(1)
    except OSError as exc:
        note(f"error: {exc.filename}: {exc.strerror}" if exc.filename else f"error: {exc or type(exc).__name__}")
        sys.exit(1)
    except UnicodeEncodeError as exc:
        if exc.reason != "surrogates not allowed":
            raise
        note(f"error: {exc.object[:100]!r} is no text in UTF-8: correct the argument, the setting or the name of the file")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
