"""`streamrec train`: the steps that make a model, one after the other in one work folder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from streamrec.cli.options import takes_settings
from streamrec.cli.output import emit
from streamrec.datasets.uci import day_ms
from streamrec.settings import Settings
from streamrec.training.require import require_training

app = typer.Typer(no_args_is_help=True, help="Train a model: vocabulary, pretrain, encoder, ranker, check; then `streamrec export`.")

Work = Annotated[Path, typer.Argument(help="Work folder; every step leaves a folder of its own in it.")]
Data = Annotated[Path, typer.Option(help="Folder with items.jsonl and events.jsonl, as `streamrec dataset uci` makes it.")]
Until = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Only what was sold before this day (UTC) is used.")]
Since = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Lists are made from this day (UTC) on; what was before is history.")]
Products = Annotated[Path, typer.Option(help="products.yaml or .yaml.gz of the AWS retail demo store.")]
Captions = Annotated[Path, typer.Option(help="kuairec_caption_category.csv or .csv.gz of KuaiRec.")]
Seed = Annotated[int, typer.Option(help="Seed of every random choice.")]
Steps = Annotated[int, typer.Option(help="Optimiser steps.", min=1)]
Layers = Annotated[int, typer.Option(help="Layers of the network.", min=1, max=12)]
Rate = Annotated[float, typer.Option(help="Highest learning rate.", min=0.0)]


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
    from streamrec.training.corpus import read_corpus
    from streamrec.training.networks import MAX_TOKENS, Record
    from streamrec.training.purchases import read_titles
    from streamrec.training.vocabulary import save_vocabulary, train_vocabulary

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
    layers: Layers = 3,
    steps: Steps = 300,
    seed: Seed = 7,
) -> None:
    """Masked words, the teacher's similarities, captions of one category together."""
    require_training()
    from streamrec.training.corpus import read_corpus
    from streamrec.training.networks import Record
    from streamrec.training.pretrain import pretrain as run
    from streamrec.training.purchases import read_titles

    record = Record(seed, until.date())
    titles = read_titles(data, day_ms(until.date()))
    run(work / "vocabulary", titles, read_corpus(products, captions), work / "pretrained", layers, steps, record)


@app.command()
def encoder(
    work: Work,
    data: Data,
    until: Until,
    steps: Steps = 300,
    rate: Rate = 5e-4,
    seed: Seed = 7,
) -> None:
    """Fine-tune the encoder on what is bought next and together."""
    require_training()
    from streamrec.training.encoder import train_encoder
    from streamrec.training.networks import Record
    from streamrec.training.purchases import read_purchases

    record = Record(seed, until.date())
    purchases = read_purchases(data, None, day_ms(until.date()), split=True, seed=seed)
    train_encoder(work / "vocabulary", work / "pretrained", purchases, work / "encoder", steps, rate, record)


@app.command()
def ranker(
    work: Work,
    data: Data,
    until: Until,
    products: Products,
    captions: Captions,
    layers: Layers = 2,
    steps: Steps = 300,
    rate: Rate = 5e-4,
    seed: Seed = 7,
) -> None:
    """Train the cross-encoder on what users bought next."""
    require_training()
    from streamrec.training.corpus import read_corpus
    from streamrec.training.networks import Record
    from streamrec.training.purchases import read_purchases
    from streamrec.training.ranker import train_ranker

    record = Record(seed, until.date())
    purchases = read_purchases(data, None, day_ms(until.date()), split=True, seed=seed)
    corpus = read_corpus(products, captions)
    train_ranker(work / "vocabulary", work / "encoder", purchases, corpus, work / "ranker", layers, steps, rate, record)


@app.command()
def late(
    work: Work,
    data: Data,
    until: Until,
    products: Products,
    captions: Captions,
    layers: Layers = 2,
    steps: Steps = 300,
    rate: Rate = 1e-3,
    seed: Seed = 7,
) -> None:
    """Train the late interaction, taught by the cross-encoder."""
    require_training()
    from streamrec.training.corpus import read_corpus
    from streamrec.training.late_training import train_late
    from streamrec.training.networks import Record
    from streamrec.training.purchases import read_purchases

    record = Record(seed, until.date())
    purchases = read_purchases(data, None, day_ms(until.date()), split=True, seed=seed)
    train_late(work, purchases, read_corpus(products, captions), layers, steps, rate, record)


@app.command()
def calibration(work: Work, data: Data, until: Until, products: Products, captions: Captions, seed: Seed = 7) -> None:
    """Keep real pairs that set the scales of the int8 graphs."""
    require_training()
    import numpy as np

    from streamrec.training.calibration import Calibration
    from streamrec.training.corpus import read_corpus
    from streamrec.training.list_source import ListSource
    from streamrec.training.networks import Record
    from streamrec.training.purchases import read_purchases

    record = Record(seed, until.date())
    purchases = read_purchases(data, None, day_ms(until.date()), split=True, seed=seed)
    corpus = read_corpus(products, captions)
    source = ListSource(work / "vocabulary", work / "encoder", purchases, corpus, np.random.default_rng(seed))
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
    from streamrec.training.check import check_model

    typer.echo(check_model(model, data, start, until, baskets, seed, work / "check.json"))


@app.command()
@takes_settings("Model", "Ranking")
def weights(
    settings: Settings,
    data: Data,
    since: Since,
    until: Until,
) -> None:
    """Fit the blend's weights to the orders of a span of time, with the code that serves; prints them as JSON. Needs no torch."""
    from streamrec.assembly import build_ranking
    from streamrec.events.files import read_items
    from streamrec.replay import Replay, read_timeline
    from streamrec.training.weights import RecordingRanker, collect, fit

    settings = settings.model_copy(update={"cross_pairs_fixed": True, "candidates": "all"})
    catalogue = build_ranking(settings).catalogue
    catalogue.put_items(read_items(data / "items.jsonl"))
    ranker = RecordingRanker(catalogue, settings)
    lines = [line for line in read_timeline(data / "events.jsonl") if line.event.ts < day_ms(until.date())]
    replay = Replay(settings, catalogue, ranker, rank="before", rank_at=("purchases",), rank_from=day_ms(since.date()))
    samples = list(track(collect(replay, ranker, lines), "making lists", console=Console(stderr=True), transient=True))
    emit(True, fit(samples, ranker.blend.weights), "")
