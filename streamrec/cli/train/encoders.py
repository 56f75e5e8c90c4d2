"""`streamrec train encoder` and `sentiment`: the network of single texts, and the head that may stand on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streamrec.cli.support.blocks import spread
from streamrec.cli.support.output import emit
from streamrec.cli.train.blocks import Data, Pace, Until, ValidateFrom, Work, purchases
from streamrec.training.require import require_training

ENCODER = Pace(steps=300, rate=5e-4)
# The head is new, while the encoder below it is trained already: it takes more steps and a faster rate.
SENTIMENT = Pace(steps=600, rate=1e-3, every=100)


@spread
def encoder(work: Work, data: Data, until: Until, validate_from: ValidateFrom = None, pace: Pace = ENCODER) -> None:
    """Fine-tune the encoder on what is bought next and together."""
    require_training()
    from streamrec.training.record import Record
    from streamrec.training.steps.encoder import train_encoder

    record = Record(pace.seed, until.date())
    ours, held = purchases(data, until, validate_from, pace.seed)
    train_encoder(work / "vocabulary", work / "pretrained", ours, held, work / "encoder", pace.plan(), record)


@spread
def sentiment(
    work: Work,
    reviews: Annotated[Path, typer.Option(help="CSV with label (0, 1) and review, or JSON lines with label and sentence; .gz or not.")],
    test: Annotated[Path | None, typer.Option(help="Other reviews to judge it on.")] = None,
    pace: Pace = SENTIMENT,
) -> None:
    """Train a head on the encoder that tells praise from complaint; prints its accuracy as JSON."""
    require_training()
    from streamrec.training.record import Record
    from streamrec.training.steps.sentiment import read_reviews, train_sentiment

    judged = read_reviews(test) if test else None
    emit(True, train_sentiment(work, read_reviews(reviews), judged, pace.plan(), Record(pace.seed)), "")
