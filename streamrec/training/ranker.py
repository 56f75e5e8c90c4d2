"""Third step: the cross-encoder learns `Score(u, g)`, what beyond its popularity speaks for this item being this user's next.

Listwise sampled softmax: every score gets a learned weight of log-popularity and minus the log of the item's chance to be drawn
(Jean et al. 2015), so that neither popularity nor the hard draws end up in what the network itself says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from streamrec.bert.pairs import pair_inputs
from streamrec.training.corpus import Corpus
from streamrec.training.cross_encoder import cross_encoder_from
from streamrec.training.list_source import ListSource
from streamrec.training.lists import Lists
from streamrec.training.networks import Record, optimiser, step_down, steps_with_bar, tensors
from streamrec.training.purchases import Purchases


def train_ranker(
    vocabulary: Path,
    start: Path,
    purchases: Purchases,
    corpus: Corpus,
    out: Path,
    layers: int,
    steps: int,
    rate: float,
    record: Record,
) -> None:
    """Train a cross-encoder that starts from the encoder in `start`, and save it in `out`."""
    source = ListSource(vocabulary, start, purchases, corpus, np.random.default_rng(record.seed))
    network = cross_encoder_from(source.encoder, layers)
    network.train()
    weight = nn.Parameter(torch.tensor(1.0))
    adam, schedule = optimiser(network, rate, steps, [weight, network.alike, network.cover])
    losses: dict[str, float] = {}
    for show in steps_with_bar("ranker", steps):
        real = list_loss(network, source.bought(), weight)
        made_up = list_loss(network, source.grouped(), weight)
        step_down(real + 0.3 * made_up, network, adam, schedule)
        losses = show(baskets=real.item(), groups=made_up.item())
    network.save(out)
    record.save(out, steps=steps, examples=len(purchases.examples), popularity_weight=weight.item(), losses=losses)


def list_loss(network: Any, lists: Lists, weight: Any) -> Any:
    """`softmax_loss` of the scores that a cross-encoder gives."""
    return softmax_loss(pair_scores(network, lists), lists, weight)


def pair_scores(network: Any, lists: Lists) -> Any:
    """Scores of shape (B, 16) by a cross-encoder."""
    size, places = lists.right.shape
    inputs = tensors(pair_inputs(np.repeat(lists.users, places, axis=0), lists.items.reshape(size * places, -1)))
    return network(**inputs).view(size, places)


def softmax_loss(scores: Any, lists: Lists, weight: Any) -> Any:
    """Mean over lists of the mean negative log-probability of each right item against the items that are not right."""
    corrected = scores + weight * torch.from_numpy(lists.popularity) + torch.from_numpy(lists.offset)
    corrected = corrected.masked_fill(~torch.from_numpy(lists.there), -1e9)
    right = torch.from_numpy(lists.right)
    wrong = corrected.masked_fill(right, -1e9).logsumexp(1, keepdim=True)
    missed = torch.logaddexp(corrected, wrong) - corrected
    return ((missed * right).sum(1) / right.sum(1)).mean()
