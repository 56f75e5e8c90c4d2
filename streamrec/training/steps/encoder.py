"""Second step: the encoder learns which titles are bought by people who bought those titles.

The user's side is what serving has: the decayed mean of the vectors of recent items. Loss: softmax over the whole catalogue (so no
sampling needs correcting) of cosine, scaled, plus a learned weight of log-popularity, over the new items of the next basket; beside it the
softmax distillation of clipped co-purchase PPMI (Levy & Goldberg 2014).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from streamrec.bert.tokens import Tokeniser
from streamrec.catalogue.prefix import MAX_ITEM_TOKENS
from streamrec.training.data.augment import drop_tokens
from streamrec.training.data.purchases import Example, Purchases
from streamrec.training.data.teacher import Teacher
from streamrec.training.loop import Loop, Plan
from streamrec.training.networks.bert import load_encoder
from streamrec.training.networks.vectors import embed
from streamrec.training.record import Record

# All titles are encoded in every step anyway, so more baskets cost little.
BATCH = 768
# Without it the network learns single odd words by heart, which some items have for themselves.
DROPPED = 0.1
PPMI_ROWS = 512
# The rarest pairs have the largest information and the least proof.
PPMI_MOST = 5.0


def train_encoder(
    vocabulary: Path, start: Path, purchases: Purchases, held: Purchases | None, out: Path, plan: Plan, record: Record
) -> None:
    """Fine-tune the encoder of `start` and save it in `out`; validated on the baskets of `held`."""
    rng = np.random.default_rng(record.seed)
    encoder = load_encoder(start)
    tokenise = Tokeniser(vocabulary / "tokenizer.json")
    ids = tokenise(purchases.titles, MAX_ITEM_TOKENS)
    together = torch.from_numpy(ppmi(purchases.covisits))
    linked = np.flatnonzero(together.sum(1).numpy() > 0)
    taught = Teacher().vectors(purchases.titles)
    scale, weight, sharpness = (nn.Parameter(torch.tensor(value)) for value in (math.log(10), 1.0, math.log(10)))
    loop = Loop("encoder", plan, encoder, out, rng, [scale, weight, sharpness])

    def losses() -> tuple[Any, dict[str, Any]]:
        vectors = embed(encoder, drop_tokens(ids, rng, DROPPED), processes=loop.processes)
        batch = [purchases.examples[row] for row in rng.choice(len(purchases.examples), min(BATCH, len(purchases.examples)), replace=False)]
        bought = next_basket_loss(vectors, batch, purchases, scale, weight)
        rows = torch.from_numpy(rng.choice(linked, min(PPMI_ROWS, len(linked)), replace=False))
        target = together[rows] / together[rows].sum(1, keepdim=True)
        cosine = vectors[rows] @ vectors.T
        cosine[torch.arange(len(rows)), rows] = -1.0
        linked_loss = functional.kl_div((cosine * sharpness.exp()).log_softmax(1), target, reduction="batchmean")
        meaning = functional.mse_loss(vectors[rows] @ vectors[rows].T, taught[rows] @ taught[rows].T)
        parts = {"basket": bought, "ppmi": linked_loss, "meaning": meaning}
        parts = {name: value / loop.processes.world for name, value in parts.items()}
        # What is bought next is the aim; the two others keep titles that are seldom bought where their words put them.
        return parts["basket"] + 0.5 * parts["ppmi"] + 2 * parts["meaning"], parts

    judged = tokenise(held.titles, MAX_ITEM_TOKENS) if held else ids

    def validate() -> float:
        assert held is not None
        loss = next_basket_loss(embed(encoder, judged), held.examples[:BATCH], held, scale, weight)
        return float(loss)

    training = loop.train(losses, validate if held else None)
    if record.first:
        encoder.save_pretrained(out)
    facts = {"examples": len(purchases.examples), "titles": len(ids), "scale": scale.exp().item(), "popularity_weight": weight.item()}
    record.save(out, **facts, **training)


def next_basket_loss(vectors: Any, batch: list[Example], purchases: Purchases, scale: Any, weight: Any) -> Any:
    """Mean over users of the mean negative log-probability of their targets, among all items that are open to them."""
    users = functional.normalize(torch.from_numpy(purchases.interest(batch)) @ vectors, dim=1)
    logits = scale.exp() * (users @ vectors.T) + weight * torch.from_numpy(purchases.log_popularity(batch))
    logs = logits.masked_fill(torch.from_numpy(purchases.closed(batch)), -1e9).log_softmax(1)
    share = np.zeros(logs.shape, np.float32)
    for row, example in zip(share, batch, strict=True):
        row[example.targets] = 1 / len(example.targets)
    return -(logs * torch.from_numpy(share)).sum(1).mean()


def ppmi(covisits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Positive pointwise mutual information of co-purchases, clipped; pairs seen once do not count."""
    counts = np.where(covisits >= 2, covisits, 0)
    np.fill_diagonal(counts, 0)
    margin = counts.sum(axis=1)
    expected = np.outer(margin, margin) / max(1.0, float(margin.sum()))
    with np.errstate(divide="ignore", invalid="ignore"):
        information = np.log(counts / expected)
    clipped = np.clip(np.nan_to_num(information, nan=0.0, posinf=0.0, neginf=0.0), 0, PPMI_MOST)
    return np.asarray(clipped, np.float32)
