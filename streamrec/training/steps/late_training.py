"""The late interaction learns from the same lists as the cross-encoder, and from what the cross-encoder makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from streamrec.bert.pairs import text_inputs
from streamrec.training.data.training_lists import Lists
from streamrec.training.loop import Plan
from streamrec.training.networks.cross_encoder import load_cross_encoder
from streamrec.training.networks.late_network import STATE, LateInteraction, late_from
from streamrec.training.networks.vectors import tensors
from streamrec.training.record import Record
from streamrec.training.steps.list_training import pair_scores, train_on_lists
from streamrec.training.steps.material import Material


def train_late(material: Material, out: Path, layers: int, plan: Plan, record: Record) -> None:
    """Train from the encoder of the work folder, taught by its ranker, and save in `out`."""
    source, held = material.sources(record.seed)
    teacher = load_cross_encoder(material.work / "ranker").eval()
    late = late_from(source.encoder, source.seen, layers)
    _start_projection(late, source.titles)

    def score(lists: Lists) -> Any:
        size, places = lists.right.shape
        users = np.repeat(np.arange(size), places)
        return late(lists.users, lists.items.reshape(size * places, -1), users).view(size, places)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def taught(lists: Lists) -> Any:
        return pair_scores(teacher, lists)

    training = train_on_lists("late", plan, late, score, source, held, out, teacher=taught)
    if record.first:
        late.save(out)
    rows = late.encoder.network.config.vocab_size
    record.save(out, examples=len(material.purchases.examples), words=rows, layers=layers, **training)


@torch.no_grad()  # type: ignore[untyped-decorator]
def _start_projection(late: LateInteraction, titles: NDArray[np.int32]) -> None:
    """The 32 directions that keep most of the token states."""
    inputs = tensors(text_inputs(titles[:512]))
    encoder = late.encoder
    words = encoder.network.embeddings.word_embeddings(encoder.rows[inputs["input_ids"]])
    states = encoder.network(inputs_embeds=words, attention_mask=inputs["attention_mask"]).last_hidden_state
    _, _, axes = torch.linalg.svd(states[inputs["attention_mask"].bool()], full_matrices=False)
    encoder.project.weight.copy_(axes[:STATE])
