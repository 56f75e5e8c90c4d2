"""Training of any network that scores lists: the ranker's loss, and beside it what a teacher makes of the same lists.

Listwise sampled softmax: every score gets a learned weight of log-popularity and minus the log of the item's chance to be drawn
(Jean et al. 2015), so that neither popularity nor the hard draws end up in what the network itself says.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from streamrec.bert.pairs import pair_inputs
from streamrec.training.data.training_lists import Lists
from streamrec.training.loop import Loop, Plan
from streamrec.training.networks.vectors import tensors
from streamrec.training.steps.material import ListSource

MADE_UP = 0.3
"""Weight of the lists from catalogue and captions: they teach words, but what is right in them is made up."""
VALIDATED = 6
Score = Callable[[Lists], Any]


def train_on_lists(
    what: str,
    plan: Plan,
    network: Any,
    score: Score,
    source: ListSource,
    held: ListSource | None,
    out: Path,
    fast: list[Any] | None = None,
    teacher: Score | None = None,
) -> dict[str, Any]:
    """Train `network`, which `score` calls, on lists of `source`; validated on lists of `held`. Returns what to record.

    With a `teacher` the distance of the softmax of both over each list is added to the loss (Hinton et al. 2015).
    """
    weight = nn.Parameter(torch.tensor(1.0))
    loop = Loop(what, plan, network, out, source.rng, [weight, *(fast or ())])
    judged = [held.bought() for _ in range(VALIDATED)] if held else []

    def losses() -> tuple[Any, dict[str, Any]]:
        total, parts = torch.zeros(()), {}
        for name, factor, drawn in (("baskets", 1.0, source.bought()), ("groups", MADE_UP, source.grouped())):
            rows, part = loop.processes.share(len(drawn.users))
            lists = drawn.take(rows)
            scores = score(lists)
            parts[name] = part * softmax_loss(scores, lists, weight)
            total = total + factor * parts[name]
            if teacher:
                parts[f"{name}_teacher"] = part * distance(scores, teacher(lists), lists)
                total = total + factor * parts[f"{name}_teacher"]
        return total, parts

    def validate() -> float:
        return float(np.mean([softmax_loss(score(lists), lists, weight).item() for lists in judged]))

    training = loop.train(losses, validate if held else None)
    return {**training, "popularity_weight": weight.item()}


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


def distance(scores: Any, wanted: Any, lists: Lists) -> Any:
    """Mean over lists of the Kullback-Leibler distance of the softmax of `scores` from that of `wanted`."""
    blank = ~torch.from_numpy(lists.there)
    ours, theirs = (values.masked_fill(blank, -1e4).log_softmax(1) for values in (scores, wanted))
    return functional.kl_div(ours, theirs, reduction="batchmean", log_target=True)
