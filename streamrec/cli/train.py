"""`streamrec train`: the steps that make a model, one after the other in one work folder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress

from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit
from streamrec.datasets.uci import day_ms
from streamrec.settings import Settings
from streamrec.training.require import require_blend_training, require_training

if TYPE_CHECKING:
    from streamrec.training.data.list_source import Material
    from streamrec.training.data.purchases import Purchases

app = typer.Typer(no_args_is_help=True, help="Train a model: vocabulary, pretrain, encoder, ranker, check; `streamrec export`; then blend.")

Work = Annotated[Path, typer.Argument(help="Work folder; every step leaves a folder of its own in it.")]
Data = Annotated[Path, typer.Option(help="Folder with items.jsonl and events.jsonl, as `streamrec dataset uci` makes it.")]
Until = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Only what was sold before this day (UTC) is used.")]
Since = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="Lists from this day (UTC) on; what was before is history.")]
Products = Annotated[Path, typer.Option(help="products.yaml or .yaml.gz of the AWS retail demo store.")]
Captions = Annotated[Path, typer.Option(help="kuairec_caption_category.csv or .csv.gz of KuaiRec.")]
Seed = Annotated[int, typer.Option(help="Seed of every random choice.")]
Steps = Annotated[int, typer.Option(help="Optimiser steps.", min=1)]
Layers = Annotated[int, typer.Option(help="Layers of the network.", min=1, max=12)]
Rate = Annotated[float, typer.Option(help="Highest learning rate.", min=0.0)]
ValidateFrom = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Baskets from this day (UTC) on are not trained on but validated with; none when left out."),
]
Every = Annotated[int, typer.Option(help="Steps between checkpoints, and between validations.", min=1)]
Patience = Annotated[int, typer.Option(help="Validations without a better one until the training ends; 0: never.", min=0)]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint of a run that was cut off.")]


@app.command()
def vocabulary(
    work: Work,
    data: Data,
    until: Until,
    products: Products,
    captions: Captions,
    pieces: Annotated[int, typer.Option(help="Trained pieces; characters come on top.", min=500)] = 7000,
) -> None:
    """Train the WordPiece vocabulary on titles, catalogue and captions."""
    require_training()
    from streamrec.training.data.corpus import read_corpus
    from streamrec.training.data.purchases import read_titles
    from streamrec.training.data.vocabulary import save_vocabulary, train_vocabulary
    from streamrec.training.networks.networks import MAX_TOKENS, Record

    # Titles are few and what matters most; three times each makes their words pieces of their own.
    texts = read_corpus(products, captions).texts() + 3 * read_titles(data, day_ms(until.date()))
    tokenizer = train_vocabulary(texts, pieces)
    save_vocabulary(tokenizer, work / "vocabulary", MAX_TOKENS)
    Record(0, until.date()).save(work / "vocabulary", vocabulary=tokenizer.get_vocab_size())
    typer.echo(f"{tokenizer.get_vocab_size()} tokens in {work / 'vocabulary'}")


@app.command()
def pretrain(
    work: Work,
    data: Data,
    until: Until,
    products: Products,
    captions: Captions,
    start: Annotated[Path | None, typer.Option(help="BERT folder in Hugging Face layout whose words and weights are the start.")] = None,
    layers: Annotated[int | None, typer.Option(help="Layers: the first so many of --start (all), or so many new ones (3).", min=1)] = None,
    steps: Steps = 300,
    rate: Rate = 1e-3,
    every: Every = 50,
    resume: Resume = False,
    seed: Seed = 7,
) -> None:
    """Masked words, the teacher's similarities, captions of one category together."""
    require_training()
    from streamrec.training.data.corpus import read_corpus
    from streamrec.training.data.purchases import read_titles
    from streamrec.training.loop import Plan
    from streamrec.training.networks.networks import Record
    from streamrec.training.steps.pretrain import pretrain as run

    record = Record(seed, until.date())
    titles = read_titles(data, day_ms(until.date()))
    run(work, start, titles, read_corpus(products, captions), layers, Plan(steps, rate, every, 0, resume), record)


@app.command()
def encoder(
    work: Work,
    data: Data,
    until: Until,
    validate_from: ValidateFrom = None,
    steps: Steps = 300,
    rate: Rate = 5e-4,
    every: Every = 50,
    patience: Patience = 0,
    resume: Resume = False,
    seed: Seed = 7,
) -> None:
    """Fine-tune the encoder on what is bought next and together."""
    require_training()
    from streamrec.training.loop import Plan
    from streamrec.training.networks.networks import Record
    from streamrec.training.steps.encoder import train_encoder

    record = Record(seed, until.date())
    purchases, held = _purchases(data, until, validate_from, seed)
    plan = Plan(steps, rate, every, patience, resume)
    train_encoder(work / "vocabulary", work / "pretrained", purchases, held, work / "encoder", plan, record)


@app.command()
def ranker(
    work: Work,
    data: Data,
    until: Until,
    products: Products,
    captions: Captions,
    validate_from: ValidateFrom = None,
    layers: Layers = 2,
    steps: Steps = 300,
    rate: Rate = 5e-4,
    every: Every = 50,
    patience: Patience = 0,
    resume: Resume = False,
    seed: Seed = 7,
    hard: Annotated[float, typer.Option(help="Share of wrong items drawn by likeness; the rest by popularity.", min=0, max=1)] = 0.5,
    augment: Annotated[float, typer.Option(help="Share of titles cropped, and of tokens dropped and swapped.", min=0, max=1)] = 0.0,
) -> None:
    """Train the cross-encoder on what users bought next."""
    require_training()
    from streamrec.training.data.lists import Recipe
    from streamrec.training.loop import Plan
    from streamrec.training.networks.networks import Record
    from streamrec.training.steps.ranker import train_ranker

    record = Record(seed, until.date())
    material = _material(work, data, until, validate_from, products, captions, seed)
    train_ranker(material, work / "ranker", layers, Plan(steps, rate, every, patience, resume), record, Recipe(hard, augment))


@app.command()
def late(
    work: Work,
    data: Data,
    until: Until,
    products: Products,
    captions: Captions,
    validate_from: ValidateFrom = None,
    layers: Layers = 2,
    steps: Steps = 450,
    rate: Rate = 1e-3,
    every: Every = 50,
    patience: Patience = 0,
    resume: Resume = False,
    seed: Seed = 7,
) -> None:
    """Train the late interaction, taught by the cross-encoder."""
    require_training()
    from streamrec.training.loop import Plan
    from streamrec.training.networks.networks import Record
    from streamrec.training.steps.late_training import train_late

    record = Record(seed, until.date())
    material = _material(work, data, until, validate_from, products, captions, seed)
    train_late(material, work / "late", layers, Plan(steps, rate, every, patience, resume), record)


@app.command()
def prune(
    work: Work,
    data: Data,
    until: Until,
    products: Products,
    captions: Captions,
    out: Annotated[Path, typer.Option(help="Folder for the pruned ranker, for example the folder ranker of another work folder.")],
    heads: Annotated[int, typer.Option(help="Attention heads that every layer keeps.", min=1)] = 3,
    neurons: Annotated[int, typer.Option(help="Feed-forward neurons that every layer keeps.", min=1)] = 384,
    validate_from: ValidateFrom = None,
    steps: Annotated[int, typer.Option(help="Optimiser steps to recover.", min=0)] = 100,
    rate: Rate = 2e-4,
    every: Every = 50,
    patience: Patience = 0,
    resume: Resume = False,
    seed: Seed = 7,
) -> None:
    """Prune heads, neurons and word rows of the ranker, and let it recover; prints the parameters as JSON."""
    require_training()
    from streamrec.training.loop import Plan
    from streamrec.training.networks.networks import Record
    from streamrec.training.steps.prune import prune_ranker

    record = Record(seed, until.date())
    material = _material(work, data, until, validate_from, products, captions, seed)
    emit(True, prune_ranker(material, out, heads, neurons, Plan(steps, rate, every, patience, resume), record), "")


@app.command()
def distil(
    work: Work,
    data: Data,
    until: Until,
    products: Products,
    captions: Captions,
    teacher: Annotated[Path, typer.Option(help="Work folder with a larger ranker; its vocabulary may be another.")],
    out: Annotated[Path, typer.Option(help="Folder for the new ranker, for example the folder ranker of another work folder.")],
    validate_from: ValidateFrom = None,
    layers: Layers = 2,
    steps: Steps = 300,
    rate: Rate = 5e-4,
    every: Every = 50,
    patience: Patience = 0,
    resume: Resume = False,
    seed: Seed = 7,
) -> None:
    """Train a ranker taught by a larger one; prints the parameters of both as JSON."""
    require_training()
    from streamrec.training.loop import Plan
    from streamrec.training.networks.networks import Record
    from streamrec.training.steps.distil import distil_ranker

    record = Record(seed, until.date())
    material = _material(work, data, until, validate_from, products, captions, seed)
    emit(True, distil_ranker(material, teacher, out, layers, Plan(steps, rate, every, patience, resume), record), "")


@app.command()
def sentiment(
    work: Work,
    reviews: Annotated[Path, typer.Option(help="CSV with label (0, 1) and review, or JSON lines with label and sentence; .gz or not.")],
    test: Annotated[Path | None, typer.Option(help="Other reviews to judge it on.")] = None,
    steps: Steps = 600,
    rate: Rate = 1e-3,
    every: Every = 100,
    patience: Patience = 0,
    resume: Resume = False,
    seed: Seed = 7,
) -> None:
    """Train a head on the encoder that tells praise from complaint; prints its accuracy as JSON."""
    require_training()
    from streamrec.training.loop import Plan
    from streamrec.training.networks.networks import Record
    from streamrec.training.steps.sentiment import read_reviews, train_sentiment

    judged = read_reviews(test) if test else None
    plan = Plan(steps, rate, every, patience, resume)
    emit(True, train_sentiment(work, read_reviews(reviews), judged, plan, Record(seed)), "")


@app.command()
def calibration(work: Work, data: Data, until: Until, products: Products, captions: Captions, seed: Seed = 7) -> None:
    """Keep real pairs that set the scales of the int8 graphs."""
    require_training()
    from streamrec.training.graphs.calibration import Calibration
    from streamrec.training.networks.networks import Record

    record = Record(seed, until.date())
    source, _ = _material(work, data, until, None, products, captions, seed).sources(seed)
    kept = Calibration.draw(source)
    kept.save(work / "calibration")
    record.save(work / "calibration", pairs=len(kept.items))


@app.command()
def check(
    work: Work,
    model: Annotated[Path, typer.Option(help="Model folder made by `streamrec export`.")],
    data: Data,
    start: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="Baskets from this day (UTC) on are judged.")],
    until: Until,
    baskets: Annotated[int, typer.Option(help="Most baskets that are judged.", min=10)] = 1000,
    seed: Seed = 7,
) -> None:
    """Measure on held-out baskets what the vectors and the score add to counts, on items new to the user."""
    require_training()
    from streamrec.training.graphs.check import check_model

    typer.echo(check_model(model, data, start, until, baskets, seed, work / "check.json"))


@app.command()
def compare(
    graphs: Annotated[list[str], typer.Argument(help="NAME=GRAPH.onnx, or NAME=DIR of another vocabulary; all beside the first.")],
    model: Annotated[Path, typer.Option(help="Model folder that the vocabulary and the vectors are from.")],
    data: Data,
    start: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="Baskets from this day (UTC) on are judged.")],
    until: Until,
    baskets: Annotated[int, typer.Option(help="Most baskets that are judged.", min=10)] = 1000,
    seed: Seed = 7,
) -> None:
    """Parameters, bytes, speed on this machine and quality of several graphs, as JSON."""
    require_training()
    from streamrec.training.data.held_out import HeldOut
    from streamrec.training.steps.compare import compare as run

    named = {name: Path(path) for name, _, path in (graph.partition("=") for graph in graphs)}
    for name, path in named.items():
        if not path.exists():
            raise typer.BadParameter(f"{name} names no file; write NAME=GRAPH.onnx or NAME=DIR")
    emit(True, run(named, HeldOut(model, data, start, until, baskets, seed), seed), "")


@app.command()
@takes_settings("Model")
def blend(
    settings: Settings,
    items: Annotated[Path, typer.Option(help="jsonl or jsonl.gz.")],
    events: Annotated[Path, typer.Option(help="jsonl or jsonl.gz; each line an event with its `topic`.")],
    since: Since,
    until: Until,
    into: Annotated[Path, typer.Option(help="Model folder that gets the blend; its digests are written anew.")],
    repeats: Annotated[Literal["allow", "exclude", "both"], typer.Option(help="Lists with what the user owns, without, or both.")] = "both",
    text_since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day (UTC) that the text model has not seen.")
    ] = None,
    seed: Seed = 7,
    seeds: Annotated[int, typer.Option(help="Networks that are trained and averaged.", min=1)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
) -> None:
    """Train the blend with the code that serves: a list before every order, and the order as what was right.

    Before `--until` the last 15 % of the lists are the validation window. Prints NDCG@10 there of the former blend, a linear one and
    the network; then all lists train the network that is written. Lists before `--text-since` are learned from without text.
    `--scoring off` trains the blend for ranking without BERT.
    """
    require_blend_training()
    from streamrec.training.steps.blend import train_into

    wanted: tuple[Literal["allow", "exclude"], ...] = ("allow", "exclude") if repeats == "both" else (repeats,)
    span = day_ms(since.date()), day_ms(until.date())
    text_from = 0 if text_since is None else day_ms(text_since.date())
    with Progress(console=Console(stderr=True), transient=True) as progress:
        report = train_into(into, settings, items, events, span, wanted, text_from, range(seed, seed + seeds), progress)
    lines = [f"{mode}: {', '.join(f'{name} {value}' for name, value in found.items())}" for mode, found in report.items()]
    emit(as_json, report, "\n".join(lines))


def _purchases(data: Path, until: datetime, validate_from: datetime | None, seed: int) -> tuple[Purchases, Purchases | None]:
    """What to train on, and what to validate with."""
    from streamrec.training.data.purchases import read_purchases

    until_ms = day_ms(until.date())
    if validate_from is None:
        return read_purchases(data, None, until_ms, split=True, seed=seed), None
    from_ms = day_ms(validate_from.date())
    return read_purchases(data, None, from_ms, split=True, seed=seed), read_purchases(data, from_ms, until_ms, split=False, seed=seed)


def _material(
    work: Path, data: Path, until: datetime, validate_from: datetime | None, products: Path, captions: Path, seed: int
) -> Material:
    from streamrec.training.data.corpus import read_corpus
    from streamrec.training.data.list_source import Material

    return Material(work, *_purchases(data, until, validate_from, seed), read_corpus(products, captions))
