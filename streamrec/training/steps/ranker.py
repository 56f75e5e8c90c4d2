"""Third step: the cross-encoder learns `Score(u, g)`, what beyond its popularity speaks for this item being this user's next."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from streamrec.training.data.training_lists import Recipe
from streamrec.training.loop import Plan
from streamrec.training.networks.cross_encoder import cross_encoder_from
from streamrec.training.record import Record
from streamrec.training.steps.list_training import pair_scores, train_on_lists
from streamrec.training.steps.material import Material


def train_ranker(material: Material, out: Path, layers: int, plan: Plan, record: Record, recipe: Recipe | None = None) -> None:
    """Train a cross-encoder that starts from the encoder in the work folder, and save it in `out`."""
    source, held = material.sources(record.seed, recipe)
    network = cross_encoder_from(source.encoder, layers)
    figures = train_on_lists("ranker", plan, network, partial(pair_scores, network), source, held, out, [network.alike, network.cover])
    if record.first:
        network.save(out)
    record.save(out, examples=len(material.purchases.examples), **figures)
