"""A quick check on held-out baskets: what vectors and score add to counts, on items new to the user.

Before every basket the whole catalogue is ranked. Features are z-scored per list and added one after the other, the weights searched
for the best NDCG@10 on half of the users; what is reported comes from the other half. The cross-encoder scores the 50 best of the
blend without it. The recommender's own blend has more features: this check only tells whether a model is worth shipping.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from streamrec.bert.folder import LATE_ENCODER, LATE_SCORER
from streamrec.bert.model import TextModel
from streamrec.bert.pairs import Feeds, text_inputs
from streamrec.bert.prefix import SAID_TOKENS, TITLE_TOKENS
from streamrec.bert.session import CPU
from streamrec.datasets.uci import day_ms
from streamrec.training.late import item_inputs
from streamrec.training.lists import RECENT
from streamrec.training.networks import command_line
from streamrec.training.purchases import Example, Purchases, read_purchases

TOP = 50
WEIGHTS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 1.8)
K = 10
Scores = NDArray[np.float32]


def check_model(model: Path, data: Path, start: datetime, until: datetime, baskets: int, seed: int, out: Path) -> str:
    """NDCG@10 and AUC of popularity, + co-visits, + vectors, + score; written to `out` and returned as JSON."""
    start_ms, until_ms = day_ms(start.date()), day_ms(until.date())
    purchases = read_purchases(data, start_ms, until_ms, split=False, seed=seed)
    counted = read_purchases(data, None, start_ms, split=False, seed=seed).covisits
    chosen = np.random.default_rng(seed).permutation(len(purchases.examples))[:baskets]
    examples = [purchases.examples[row] for row in sorted(chosen)]
    text = TextModel.load(model, "cpu", threads=2)
    titles = text.tokenize(purchases.titles, text.max_item_tokens)
    vectors = text.encode(titles)
    covisits = np.zeros_like(purchases.covisits)
    covisits[: len(counted), : len(counted)] = counted
    closed = purchases.closed(examples)
    features = {
        "popularity": purchases.log_popularity(examples),
        "covisits": _item_neighbours(purchases, examples, covisits),
        "vectors": _cosine(purchases, examples, vectors),
    }
    fit = np.array([crc32(example.user.encode()) % 2 == 0 for example in examples])
    days = {"from": start.date().isoformat(), "until": until.date().isoformat()}
    result: dict[str, Any] = {"command": command_line(), **days, "baskets": int((~fit).sum()), "fitted_on": int(fit.sum()), "k": K}

    columns: dict[str, Scores] = {}
    weights: dict[str, float] = {}

    def add(name: str, column: Scores) -> Scores:
        columns[name] = column
        _search(columns, weights, lambda total: _judge(total, closed, examples, fit)[f"ndcg@{K}"])
        total = _blend(columns, weights)
        result["+".join(columns)] = {**_judge(total, closed, examples, ~fit), "weights": dict(weights)}
        return total

    for name, column in features.items():
        total = add(name, _z(column, closed))
    top = np.argsort(-np.where(closed, -np.inf, total), axis=1, kind="stable")[:, :TOP]
    users = _prefixes(text, titles, examples)
    alone = {"blend": total, "vectors": features["vectors"]}
    alone = {name: np.take_along_axis(column, top, 1) for name, column in alone.items()}
    alone["late"] = _late_scores(model, users, titles, top)
    alone["score"] = text.score(users, titles[top.reshape(-1)], np.repeat(np.arange(len(users)), TOP)).reshape(top.shape)
    for name, scores in alone.items():
        result[f"{name}_alone_in_top_auc"] = _auc_in_top(scores, top, examples, ~fit)
    before, tuned = dict(columns), dict(weights)
    for name in ("late", "score"):
        columns, weights = dict(before), dict(tuned)
        inside = np.full_like(total, -1e3)
        np.put_along_axis(inside, top, _z(alone[name], np.zeros(top.shape, bool)), axis=1)
        add(name, inside)
    out.write_text(json.dumps(result, indent=2) + "\n")
    return json.dumps(result, indent=2)


def _blend(columns: dict[str, Scores], weights: dict[str, float]) -> Scores:
    return np.asarray(sum(weights[name] * column for name, column in columns.items()), np.float32)


def _search(columns: dict[str, Scores], weights: dict[str, float], goal: Callable[[Scores], float]) -> None:
    """Coordinate ascent on `weights` over a grid; the first stays 1."""
    first, *others = columns
    weights[first] = 1.0
    weights.update({name: weights.get(name, 0.1) for name in others})
    for _ in range(2):
        for name in reversed(others):
            weights[name] = max(WEIGHTS, key=lambda weight, name=name: goal(_blend(columns, {**weights, name: weight})))  # type: ignore[misc]


def _item_neighbours(purchases: Purchases, examples: list[Example], covisits: Scores) -> Scores:
    """Item-based collaborative filtering: cosine of the baskets of two items, summed over the recent items."""
    baskets = np.diagonal(covisits)
    similar = covisits / np.sqrt(np.maximum(1, np.outer(baskets, baskets)))
    np.fill_diagonal(similar, 0)
    return np.asarray(purchases.interest(examples) @ similar, np.float32)


def _cosine(purchases: Purchases, examples: list[Example], vectors: Scores) -> Scores:
    users = purchases.interest(examples) @ vectors
    users /= np.maximum(1e-9, np.linalg.norm(users, axis=1, keepdims=True))
    return np.asarray(users @ vectors.T, np.float32)


def _prefixes(text: TextModel, titles: NDArray[np.int32], examples: list[Example]) -> NDArray[np.int32]:
    recent = np.zeros((len(examples), RECENT, TITLE_TOKENS), np.int32)
    for row, example in enumerate(examples):
        touched = list(dict.fromkeys(example.recent.tolist()))[:RECENT]
        recent[row, : len(touched)] = titles[touched, :TITLE_TOKENS]
    return text.prefixes(np.zeros((len(examples), SAID_TOKENS), np.int32), recent)


def _late_scores(model: Path, users: NDArray[np.int32], titles: NDArray[np.int32], top: NDArray[np.intp]) -> Scores:
    """One user at a time against their own `top`."""
    encoder, scorer = (ort.InferenceSession(str(model / path), providers=[CPU]) for path in (LATE_ENCODER, LATE_SCORER))
    items = item_inputs(titles)
    states = np.concatenate([encoder.run(None, dict(_rows(items, slice(start, start + 256))))[0] for start in range(0, len(titles), 256)])
    scores = np.zeros(top.shape, np.float32)
    for row, slots in enumerate(top):
        user = text_inputs(users[row : row + 1])
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


def _z(column: Scores, closed: NDArray[np.bool_]) -> Scores:
    opened = np.ma.masked_array(column, closed)
    mean, std = opened.mean(axis=1).filled(0)[:, None], opened.std(axis=1).filled(1)[:, None]
    return np.asarray((column - mean) / np.maximum(std, 1e-6), np.float32)


def _judge(total: Scores, closed: NDArray[np.bool_], examples: list[Example], judged: NDArray[np.bool_]) -> dict[str, float]:
    gains, areas = [], []
    discount = 1 / np.log2(np.arange(2, K + 2))
    for row in np.flatnonzero(judged):
        score = np.where(closed[row], -np.inf, total[row])
        right = np.isin(np.arange(len(score)), examples[row].targets)
        hits = right[np.argsort(-score, kind="stable")[:K]]
        gains.append((hits * discount).sum() / discount[: min(K, right.sum())].sum())
        areas.append(_auc(score[~closed[row]], right[~closed[row]]))
    return {f"ndcg@{K}": round(float(np.mean(gains)), 4), "auc": round(float(np.mean(areas)), 4)}


def _auc_in_top(scores: Scores, top: NDArray[np.intp], examples: list[Example], judged: NDArray[np.bool_]) -> float:
    areas = []
    for row in np.flatnonzero(judged):
        right = np.isin(top[row], examples[row].targets)
        if right.any() and not right.all():
            areas.append(_auc(scores[row], right))
    return round(float(np.mean(areas)), 4)


def _auc(scores: Scores, right: NDArray[np.bool_]) -> float:
    order = scores.argsort(kind="stable").argsort()
    hits = int(right.sum())
    return float((order[right].sum() - hits * (hits - 1) / 2) / (hits * (len(scores) - hits)))
