"""The same pairs by torch in half precision: by the usual library, and by the network alone, tokens and batches made beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoTokenizer, BertForSequenceClassification

from benchmarks.bert import texts
from benchmarks.bert.gpu.figures import Row
from benchmarks.bert.gpu.scoring import seconds

BATCHES = (256, 1024)
SDPA_BATCH = 512
MULTIPLE = 8


def pairs(users: int, each: int) -> list[texts.Pair]:
    """As many pairs as a size of ours has."""
    rng, known = np.random.default_rng(users), texts.titles()
    return [(user, str(item)) for user in texts.users(users) for item in rng.choice(known, each, replace=False)]


def sentence_transformers(name: str, hf: Path, device: str, rounds: int, size: tuple[int, int]) -> Iterator[Row]:
    """A row for each size of a batch."""
    from sentence_transformers import CrossEncoder

    model, all_pairs = CrossEncoder(str(hf), device=device, model_kwargs={"dtype": _kind(device)}), pairs(*size)
    for batch in BATCHES:

        def run(batch: int = batch) -> Any:
            return model.predict(all_pairs, batch_size=batch, activation_fn=torch.nn.Identity(), show_progress_bar=False)

        yield _row("sentence-transformers", name, device, len(all_pairs) / seconds(run, rounds)) | {"batch": batch}


def torch_sdpa(name: str, hf: Path, device: str, rounds: int, size: tuple[int, int]) -> Row:
    """A row: batches sorted by length and padded to a multiple of 8 lie on the device already."""
    tokeniser, all_pairs = AutoTokenizer.from_pretrained(hf), pairs(*size)
    network = BertForSequenceClassification.from_pretrained(hf, attn_implementation="sdpa").to(device, _kind(device)).eval()
    rows = tokeniser([user for user, _ in all_pairs], [item for _, item in all_pairs], truncation=True, max_length=96)
    order = sorted(range(len(all_pairs)), key=lambda number: len(rows["input_ids"][number]))
    batches = []
    for start in range(0, len(order), SDPA_BATCH):
        some = order[start : start + SDPA_BATCH]
        chosen = {key: [rows[key][number] for number in some] for key in ("input_ids", "token_type_ids", "attention_mask")}
        batches.append(tokeniser.pad(chosen, padding=True, pad_to_multiple_of=MULTIPLE, return_tensors="pt").to(device))

    def run() -> None:
        with torch.inference_mode():
            for batch in batches:
                network(**batch)
        if device == "cuda":
            torch.cuda.synchronize()

    return _row("torch-sdpa", name, device, len(all_pairs) / seconds(run, rounds))


def _kind(device: str) -> torch.dtype:
    return torch.float16 if device == "cuda" else torch.float32


def _row(rival: str, model: str, device: str, pairs_per_s: float) -> Row:
    return {"rival": rival, "of": model, "device": device, "precision": str(_kind(device)), "pairs_per_s": round(pairs_per_s)}
