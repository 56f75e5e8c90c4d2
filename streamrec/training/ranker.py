"""Third step: the cross-encoder learns `Score(u, g)`, what beyond its popularity speaks for this item being this user's next.

Listwise sampled softmax: every score gets a learned weight of log-popularity and minus the log of the item's chance to be drawn
(Jean et al. 2015), so that neither popularity nor the hard draws end up in what the network itself says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from streamrec.bert.pairs import pair_inputs
from streamrec.bert.tokens import Tokeniser
from streamrec.training.corpus import Corpus
from streamrec.training.cross_encoder import cross_encoder_from
from streamrec.training.lists import Comments, GroupLists, Lists, PurchaseLists, word_starts
from streamrec.training.networks import (
    MAX_ITEM_TOKENS,
    Record,
    embed,
    load_encoder,
    optimiser,
    step_down,
    steps_with_bar,
    tensors,
)
from streamrec.training.purchases import Purchases

BOUGHT = 24
GROUPED = 4


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
    rng = np.random.default_rng(record.seed)
    tokenise = Tokeniser(vocabulary / "tokenizer.json")
    starts = word_starts((vocabulary / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1])
    titles = tokenise(purchases.titles, MAX_ITEM_TOKENS)
    encoder = load_encoder(start).eval()
    with torch.no_grad():
        vectors: NDArray[np.float32] = embed(encoder, titles).numpy()
    network = cross_encoder_from(encoder, layers)
    network.train()
    captions = tokenise([text for text, _ in corpus.captions], MAX_ITEM_TOKENS)
    comments = Comments(tokenise, np.concatenate([captions[:: 1 + len(captions) // len(titles)], titles]), rng)
    bought = PurchaseLists(purchases, titles, vectors, rng)
    grouped = GroupLists(corpus, tokenise, rng)
    weight = nn.Parameter(torch.tensor(1.0))
    adam, schedule = optimiser(network, rate, steps, [weight, network.alike, network.cover])
    losses: dict[str, float] = {}
    for show in steps_with_bar("ranker", steps):
        real = list_loss(network, bought.draw(BOUGHT, comments, starts), weight)
        made_up = list_loss(network, grouped.draw(GROUPED, comments, starts), weight)
        step_down(real + 0.3 * made_up, network, adam, schedule)
        losses = show(baskets=real.item(), groups=made_up.item())
    network.save(out)
    record.save(out, steps=steps, examples=len(purchases.examples), popularity_weight=weight.item(), losses=losses)


def list_loss(network: Any, lists: Lists, weight: Any) -> Any:
    """Mean over lists of the mean negative log-probability of each right item against the items that are not right."""
    size, places = lists.right.shape
    inputs = tensors(pair_inputs(np.repeat(lists.users, places, axis=0), lists.items.reshape(size * places, -1)))
    scores = network(**inputs).view(size, places)
    corrected = scores + weight * torch.from_numpy(lists.popularity) + torch.from_numpy(lists.offset)
    corrected = corrected.masked_fill(~torch.from_numpy(lists.there), -1e9)
    right = torch.from_numpy(lists.right)
    wrong = corrected.masked_fill(right, -1e9).logsumexp(1, keepdim=True)
    missed = torch.logaddexp(corrected, wrong) - corrected
    return ((missed * right).sum(1) / right.sum(1)).mean()
