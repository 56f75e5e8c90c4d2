"""A quick check on held-out baskets: what vectors, late interaction and score add to counts, on items new to the user."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from streamrec.bert.folder import CROSS_ENCODER, LATE_ENCODER, LATE_SCORER
from streamrec.bert.model import CPU_TOKEN_BUDGET
from streamrec.bert.pairs import Feeds, length_batches, pair_inputs, text_inputs
from streamrec.bert.session import OnnxSession
from streamrec.catalogue.text import CPU
from streamrec.training.data.held_out import HeldOut, Scores
from streamrec.training.networks.late_network import item_inputs
from streamrec.training.record import command_line


def check_model(model: Path, data: Path, start: datetime, until: datetime, baskets: int, seed: int, out: Path) -> str:
    """NDCG@10 and AUC of popularity, + co-visits, + vectors, and of these + late or + score; written to `out` and returned as JSON."""
    held = HeldOut(model, data, start, until, baskets, seed)
    result: dict[str, Any] = {"command": command_line(), **held.facts, **held.steps}
    before = "+".join(held.features)
    scores = {"late": late_scores(model, held)} if (model / LATE_ENCODER).is_file() else {}
    scores["score"] = cross_scores(model / CROSS_ENCODER, held.users, held.titles, held.top)
    for name, column in scores.items():
        result[f"{before}+{name}"] = held.add(name, column)
    for name, column in {"blend": held.in_top(held.total), "vectors": held.in_top(held.features["vectors"]), **scores}.items():
        result[f"{name}_alone_in_top_auc"] = held.auc_in_top(column)
    out.write_text(json.dumps(result, indent=2) + "\n")
    return json.dumps(result, indent=2)


def cross_scores(graph: Path, users: NDArray[np.int32], titles: NDArray[np.int32], top: NDArray[np.intp]) -> Scores:
    """Scores of the items `top` (baskets, 50) of every basket by a graph of the cross-encoder, from token ids in its vocabulary."""
    backend = OnnxSession(graph, "cpu")
    users = np.repeat(users, top.shape[1], axis=0)
    items = titles[top.reshape(-1)]
    scores = np.zeros(len(items), np.float32)
    for rows in length_batches((users != 0).sum(axis=1) + (items != 0).sum(axis=1) + 3, CPU_TOKEN_BUDGET):
        scores[rows] = backend.run(pair_inputs(users[rows], items[rows])).reshape(-1)
    return scores.reshape(top.shape)


def late_scores(model: Path, held: HeldOut) -> Scores:
    """Scores of the 50 best of every basket by the late interaction, one user at a time."""
    encoder, scorer = (ort.InferenceSession(str(model / path), providers=[CPU]) for path in (LATE_ENCODER, LATE_SCORER))
    items = item_inputs(held.titles)
    starts = range(0, len(held.titles), 256)
    states = np.concatenate([encoder.run(None, dict(_rows(items, slice(start, start + 256))))[0] for start in starts])
    scores = np.zeros(held.top.shape, np.float32)
    for row, slots in enumerate(held.top):
        user = text_inputs(held.users[row : row + 1])
        feeds = {
            "user_states": encoder.run(None, dict(user))[0],
            "user_mask": user["attention_mask"],
            "item_states": states[slots],
            "item_mask": items["attention_mask"][slots],
            "user_of_pair": np.zeros(len(slots), np.int64),
        }
        scores[row] = scorer.run(None, feeds)[0]
    return scores


def _rows(feeds: Feeds, rows: slice) -> Feeds:
    return {name: values[rows] for name, values in feeds.items()}
