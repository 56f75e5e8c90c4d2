"""`streamrec train vocabulary` and `pretrain`: what is learned from texts alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streamrec.cli.support.blocks import spread
from streamrec.cli.train.blocks import Every, Rate, Resume, Seed, Sources, Steps, Work
from streamrec.training.require import require_training


@spread
def vocabulary(
    work: Work,
    sources: Sources,
    pieces: Annotated[int, typer.Option(help="Trained pieces; characters come on top.", min=500)] = 7000,
) -> None:
    """Train the WordPiece vocabulary on titles, catalogue and captions."""
    require_training()
    from streamrec.catalogue.prefix import MAX_TOKENS
    from streamrec.training.data.vocabulary import save_vocabulary, train_vocabulary
    from streamrec.training.record import Record

    # Titles are few and what matters most; three times each makes their words pieces of their own.
    texts = sources.corpus().texts() + 3 * sources.titles()
    tokenizer = train_vocabulary(texts, pieces)
    save_vocabulary(tokenizer, work / "vocabulary", MAX_TOKENS)
    Record(0, sources.until.date()).save(work / "vocabulary", vocabulary=tokenizer.get_vocab_size())
    typer.echo(f"{tokenizer.get_vocab_size()} tokens in {work / 'vocabulary'}")


@spread
def pretrain(
    work: Work,
    sources: Sources,
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
    from streamrec.training.loop import Plan
    from streamrec.training.steps.pretrain import pretrain as run

    record = sources.record(seed)
    # Nothing is held out of texts, so there is no validation to be patient with.
    run(work, start, sources.titles(), sources.corpus(), layers, Plan(steps, rate, every, 0, resume), record)
