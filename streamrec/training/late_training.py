"""The late interaction learns from the same lists as the cross-encoder, and from what the cross-encoder makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from streamrec.bert.pairs import text_inputs
from streamrec.training.corpus import Corpus
from streamrec.training.cross_encoder import load_cross_encoder
from streamrec.training.late import STATE, LateInteraction, late_from
from streamrec.training.list_source import ListSource
from streamrec.training.lists import Lists
from streamrec.training.networks import Record, optimiser, step_down, steps_with_bar, tensors
from streamrec.training.purchases import Purchases
from streamrec.training.ranker import pair_scores, softmax_loss


def train_late(work: Path, purchases: Purchases, corpus: Corpus, layers: int, steps: int, rate: float, record: Record) -> None:
    """Train from `work/encoder`, taught by `work/ranker`, and save in `work/late`."""
    source = ListSource(work / "vocabulary", work / "encoder", purchases, corpus, np.random.default_rng(record.seed))
    teacher = load_cross_encoder(work / "ranker").eval()
    late = late_from(source.encoder, source.seen, layers)
    _start_projection(late, source.titles)
    late.train()
    weight = nn.Parameter(torch.tensor(1.0))
    adam, schedule = optimiser(late, rate, steps, [weight])
    losses: dict[str, float] = {}
    for show in steps_with_bar("late", steps):
        real, taught = _losses(late, teacher, source.bought(), weight)
        made_up, taught_too = _losses(late, teacher, source.grouped(), weight)
        step_down(real + taught + 0.3 * (made_up + taught_too), late, adam, schedule)
        losses = show(baskets=real.item(), groups=made_up.item(), teacher=taught.item())
    late.save(work / "late")
    rows = late.encoder.network.config.vocab_size
    record.save(work / "late", steps=steps, examples=len(purchases.examples), words=rows, layers=layers, losses=losses)


def late_scores(late: LateInteraction, lists: Lists) -> Any:
    """Scores of shape (B, 16)."""
    size, places = lists.right.shape
    users = np.repeat(np.arange(size), places)
    return late(lists.users, lists.items.reshape(size * places, -1), users).view(size, places)


def _losses(late: LateInteraction, teacher: Any, lists: Lists, weight: Any) -> tuple[Any, Any]:
    scores = late_scores(late, lists)
    with torch.no_grad():
        wanted = pair_scores(teacher, lists)
    blank = ~torch.from_numpy(lists.there)
    ours, theirs = (values.masked_fill(blank, -1e4).log_softmax(1) for values in (scores, wanted))
    return softmax_loss(scores, lists, weight), functional.kl_div(ours, theirs, reduction="batchmean", log_target=True)


@torch.no_grad()  # type: ignore[untyped-decorator]
def _start_projection(late: LateInteraction, titles: NDArray[np.int32]) -> None:
    """The 32 directions that keep most of the token states."""
    inputs = tensors(text_inputs(titles[:512]))
    encoder = late.encoder
    words = encoder.network.embeddings.word_embeddings(encoder.rows[inputs["input_ids"]])
    states = encoder.network(inputs_embeds=words, attention_mask=inputs["attention_mask"]).last_hidden_state
    _, _, axes = torch.linalg.svd(states[inputs["attention_mask"].bool()], full_matrices=False)
    encoder.project.weight.copy_(axes[:STATE])
