"""A head on the encoder that tells praise from complaint in short Chinese texts."""

from __future__ import annotations

import csv
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from streamrec.bert.pairs import text_inputs
from streamrec.bert.tokens import Tokeniser
from streamrec.datasets.tables import open_text
from streamrec.errors import InputError
from streamrec.training.loop import Loop, Plan
from streamrec.training.networks.bert import load_encoder
from streamrec.training.networks.folders import load_head, save_with_head
from streamrec.training.networks.vectors import tensors
from streamrec.training.record import Record

HEAD = "sentiment.safetensors"
BATCH = 64
TEXT_TOKENS = 48
"""Twice a title: a review says what it thinks early, and the cost grows with the length."""
GOOD = {"1", "positive"}
BAD = {"0", "negative"}


@dataclass(frozen=True, slots=True)
class Reviews:
    """Texts, and whether each is praise."""

    texts: list[str]
    good: NDArray[np.bool_]

    def split(self, every: int = 10) -> tuple[Reviews, Reviews]:
        """All but every tenth text, and every tenth; a text that is there twice is on one side only."""
        _, number = np.unique(self.texts, return_inverse=True)
        apart = number % every == 0
        return self._take(~apart), self._take(apart)

    def _take(self, rows: NDArray[np.bool_]) -> Reviews:
        return Reviews([self.texts[row] for row in np.flatnonzero(rows)], self.good[rows])


class Sentiment(nn.Module):  # type: ignore[misc]
    """Logits of shape (n,): the more, the likelier praise."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network
        self.head = nn.Linear(network.config.hidden_size, 1)

    def forward(self, tokens: NDArray[np.int32]) -> Any:
        """From token ids of shape (n, L)."""
        inputs = tensors(text_inputs(tokens))
        states = self.network(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
        return self.head((states * mask).sum(1) / mask.sum(1)).squeeze(-1)

    def save(self, folder: Path) -> None:
        """Write the BERT as a Hugging Face folder and the head beside it."""
        save_with_head(self.network, self.head.state_dict(), folder, HEAD)


def load_sentiment(folder: Path) -> Sentiment:
    """What `train_sentiment` saved.

    Raises:
        ModelMissing: `streamrec train sentiment` was not run yet.
    """
    head = load_head(folder, HEAD, "sentiment head", "sentiment")
    sentiment = Sentiment(load_encoder(folder))
    sentiment.head.load_state_dict(head)
    sentiment.eval()
    return sentiment


def train_sentiment(work: Path, reviews: Reviews, judged: Reviews | None, plan: Plan, record: Record) -> dict[str, float]:
    """Fine-tune the encoder of `work` with a head and save both in `work/sentiment`; accuracy and AUC on what was not trained on.

    A tenth of `reviews` is held out for validation; `judged` are other texts to judge it on, for example of another shop.
    """
    rng = np.random.default_rng(record.seed)
    tokenise = Tokeniser(work / "vocabulary" / "tokenizer.json")
    ours, held = reviews.split()
    ids, held_ids = tokenise(ours.texts, TEXT_TOKENS), tokenise(held.texts, TEXT_TOKENS)
    right = torch.from_numpy(ours.good.astype(np.float32))
    sentiment = Sentiment(load_encoder(work / "encoder"))
    loop = Loop("sentiment", plan, sentiment, work / "sentiment", rng)

    def losses() -> tuple[Any, dict[str, Any]]:
        rows, part = loop.processes.share(BATCH)
        chosen = rng.choice(len(ids), BATCH)[rows]
        loss = part * functional.binary_cross_entropy_with_logits(sentiment(ids[chosen]), right[torch.from_numpy(chosen)])
        return loss, {"reviews": loss}

    def validate() -> float:
        wanted = torch.from_numpy(held.good.astype(np.float32))
        return float(functional.binary_cross_entropy_with_logits(_logits(sentiment, held_ids), wanted))

    training = loop.train(losses, validate)
    measured = judge(sentiment, held_ids, held.good)
    if judged:
        measured |= {f"test_{name}": value for name, value in judge(sentiment, tokenise(judged.texts, TEXT_TOKENS), judged.good).items()}
    if record.first:
        sentiment.save(work / "sentiment")
    record.save(work / "sentiment", reviews=len(ours.texts), held_out=len(held.texts), **measured, **training)
    return measured


def judge(sentiment: Sentiment, ids: NDArray[np.int32], good: NDArray[np.bool_]) -> dict[str, float]:
    """Accuracy at logit 0 and AUC."""
    sentiment.eval()
    with torch.no_grad():
        logits = _logits(sentiment, ids).numpy()
    order = logits.argsort(kind="stable").argsort()
    hits = int(good.sum())
    area = (order[good].sum() - hits * (hits - 1) / 2) / max(1, hits * (len(good) - hits))
    return {"accuracy": round(float(((logits > 0) == good).mean()), 4), "auc": round(float(area), 4)}


def read_reviews(path: Path) -> Reviews:
    """A CSV with the columns `label` and `review`, or JSON lines with `label` and `sentence`, as .gz or not.

    Raises:
        InputError: the file is not there or of another kind.
    """
    try:
        with open_text(path) as lines:
            if ".json" in path.name:
                rows = [(record["sentence"], str(record["label"])) for record in map(json.loads, lines)]
            else:
                rows = [(record["review"], record["label"]) for record in csv.DictReader(lines)]
    except (OSError, EOFError, zlib.error, KeyError, TypeError, ValueError, csv.Error) as exc:
        raise InputError(f"{path} cannot be read as reviews ({exc!r}); it needs columns label and review, or JSON lines") from exc
    kept = [(text.strip(), label.lower() in GOOD) for text, label in rows if text and text.strip() and label.lower() in GOOD | BAD]
    if not kept:
        raise InputError(f"{path} has no review with a label 0 or 1, Negative or Positive; name another file")
    return Reviews([text for text, _ in kept], np.array([good for _, good in kept]))


def _logits(sentiment: Sentiment, ids: NDArray[np.int32]) -> Any:
    return torch.cat([sentiment(ids[start : start + 256]) for start in range(0, len(ids), 256)])
