"""`streamrec broker`: the embedded Kafka broker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streamrec.cli.support.output import emit, note
from streamrec.system.printing import printable

app = typer.Typer(no_args_is_help=True, help="A real Kafka broker on this machine, without Docker or a system Java.")

Folder = Annotated[Path, typer.Option("--data-dir", help="Folder of the broker's data, log and process id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
# In the folder where one works, as virtual environments are: several trials on one machine do not meet.
DEFAULT_FOLDER = Path(".streamrec/kafka")


@app.command()
def start(
    data_dir: Folder = DEFAULT_FOLDER,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port for clients; 0 takes a free one.")] = 9092,
    as_json: AsJson = False,
) -> None:
    """Start the broker in the background and wait until it answers; does nothing when it runs already."""
    from streamrec.broker.embedded import EmbeddedBroker

    broker = EmbeddedBroker(data_dir, port, progress=note)
    before = broker.running()
    running = broker.start()
    word = "already running" if before == running else "running"
    text = f"{word} at {running.bootstrap} (data in {printable(str(broker.folder))})"
    emit(as_json, {"running": True, **_state(broker.folder, running)}, text)


@app.command()
def stop(data_dir: Folder = DEFAULT_FOLDER, as_json: AsJson = False) -> None:
    """Stop the broker; its data stays."""
    from streamrec.broker.embedded import EmbeddedBroker

    broker = EmbeddedBroker(data_dir)
    stopped = broker.stop()
    emit(as_json, {"stopped": stopped}, "stopped" if stopped else f"no broker of {broker.folder} runs")


@app.command()
def status(data_dir: Folder = DEFAULT_FOLDER, as_json: AsJson = False) -> None:
    """Say whether the broker runs and answers; exit 1 when it does not."""
    from streamrec.broker.embedded import EmbeddedBroker
    from streamrec.broker.probe import answers

    broker = EmbeddedBroker(data_dir)
    running = broker.running()
    if running is None:
        text = f"not running in {broker.folder}; `streamrec broker start` starts it"
        emit(as_json, {"running": False, "folder": str(broker.folder)}, text)
        raise typer.Exit(1)
    answering = answers(running.port)
    text = f"running at {running.bootstrap}" if answering else f"process {running.pid} lives but does not answer; see {broker.log}"
    emit(as_json, {"running": True, "answers": answering, **_state(broker.folder, running)}, text)
    if not answering:
        raise typer.Exit(1)


def _state(folder: Path, running: object) -> dict[str, object]:
    from streamrec.broker.embedded import Running

    assert isinstance(running, Running)
    return {"broker": running.bootstrap, "pid": running.pid, "folder": str(folder)}
