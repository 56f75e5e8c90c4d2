"""Pairs per second and milliseconds through `TextModel.score`, texts tokenised beforehand and nothing from a cache."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import numpy as np

from benchmarks.bert.gpu.figures import Row, share
from benchmarks.bert.peak import operations
from benchmarks.bert.serving import USERS, Work, sides_of
from streamrec.bert.buckets import bucket
from streamrec.bert.card import Share
from streamrec.bert.cutting import runs
from streamrec.bert.folder import SHIPPED
from streamrec.bert.model import CUDA_TOKEN_BUDGET, TextModel
from streamrec.bert.precision import Precision
from streamrec.bert.runtime import Device
from streamrec.bert.session import OnnxSession

Sizes = tuple[tuple[int, int], ...]
SIZES: Sizes = ((1, 32), (1, 200), (8, 200), (32, 200))
"""Viewers, and pairs of each; by the last, the largest, the figures are told."""
QUICK_SIZES: Sizes = ((1, 8), (4, 16))


def load(folder: Path | None, device: Device, precision: Precision, graphs: bool = False) -> TextModel:
    """A model without a cache."""
    return TextModel.load(folder, device, 1, precision, 0, late=True, runtime=partial(OnnxSession, share=Share(graphs=graphs)))


def scoring(
    name: str, model: TextModel, peak_tflops: float | None, rounds: int, sizes: Sizes, graphs: bool = False, folder: Path | None = None
) -> Row:
    """A row: the median of some rounds for each size, and the share of the peak in the largest."""
    work, took = Work(model), {}
    for size in sizes:
        batch = work.some(*size)
        took[size] = seconds(lambda batch=batch: model.score(*batch), rounds)
    row: Row = {"model": name, "provider": model.provider, "precision": model.precision, "why": model.precision_why, "cuda_graphs": graphs}
    row["p50_ms"] = {f"{users}x{pairs}": round(1000 * one, 3) for (users, pairs), one in took.items()}
    users, items, user_of_pair = work.some(*sizes[-1])
    row["pairs_per_s"] = round(len(items) / took[sizes[-1]])
    if peak_tflops is not None:
        network = msgspec.json.decode(((SHIPPED if folder is None else folder) / "config.json").read_bytes())
        lengths = np.count_nonzero(users, axis=1)[user_of_pair] + np.count_nonzero(items, axis=1) + 3
        # The shipped model's head reads all tokens of the last layer, that of an adopted one [CLS] alone.
        needed = sum(operations(network, int(length), last_is_short=folder is not None) for length in lengths)
        row["share_of_fp16"] = share(needed / took[sizes[-1]], peak_tflops)
    if model.late_dim:
        users, items, user_of_pair = work.some(1, 1000)
        sides, slots = sides_of(model, items), np.arange(len(items))
        row["late_1x1000_ms"] = round(1000 * seconds(lambda: model.late_score(users, sides, slots, user_of_pair), rounds), 3)
    return row


def padding(model: TextModel, sizes: Sizes, calls: int = 60) -> Row:
    """A row that needs no card: for each size the share of a call's tokens that is padding, and its runs, over so many calls."""
    work, dice = Work(model), np.random.default_rng(0)
    found = {}
    for users, pairs in sizes:
        needed = made = count = 0
        for _ in range(calls):
            sides, items, user_of_pair = work.some(USERS, pairs)
            kept = np.isin(user_of_pair, dice.choice(USERS, users, replace=False))
            lengths = np.count_nonzero(sides, axis=1)[user_of_pair[kept]] + np.count_nonzero(items[kept], axis=1) + 3
            shapes = [bucket(len(rows), int(lengths[rows].max())) for rows in runs(lengths, CUDA_TOKEN_BUDGET)]
            needed, made, count = needed + int(lengths.sum()), made + sum(rows * tokens for rows, tokens in shapes), count + len(shapes)
        found[f"{users}x{pairs}"] = {"padding": round(1 - needed / made, 3), "runs": round(count / calls, 1)}
    return {"padded_as_for_a_gpu": found}


def seconds(run: Callable[[], Any], rounds: int) -> float:
    """The median of so many runs after two that do not count."""
    found = []
    for _ in range(rounds + 2):
        begin = time.perf_counter()
        run()
        found.append(time.perf_counter() - begin)
    return median(found[2:])
