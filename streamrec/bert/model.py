"""The text model as the ranking uses it: tokens, vectors and the score of (user, item) pairs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamrec.bert.folder import CROSS_ENCODER, ENCODER, ModelFolder
from streamrec.bert.pairs import length_batches, pair_inputs, text_inputs
from streamrec.bert.prefix import user_prefixes
from streamrec.bert.session import CUDA, Device, OnnxBackend, ScorerBackend
from streamrec.bert.tokens import PAD, Tokeniser

CPU_TOKEN_BUDGET = 1536
CUDA_TOKEN_BUDGET = 32768


class TextModel:
    """A tokeniser, an encoder of texts and a cross-encoder of pairs, all of one folder. Safe to call from several threads."""

    def __init__(self, folder: ModelFolder, encoder: ScorerBackend, cross_encoder: ScorerBackend) -> None:
        self._tokeniser = Tokeniser(folder.path / "tokenizer.json")
        self._encoder = encoder
        self._cross_encoder = cross_encoder
        self._max_tokens = folder.limits.max_tokens
        self._token_budget = CUDA_TOKEN_BUDGET if cross_encoder.provider == CUDA else CPU_TOKEN_BUDGET
        self.name: str = folder.name
        self.revision: str = folder.revision
        self.provider: str = cross_encoder.provider
        self.dim: int = folder.limits.dim
        self.max_item_tokens: int = folder.limits.max_item_tokens
        self.max_user_tokens: int = folder.limits.max_user_tokens

    @classmethod
    def load(cls, path: Path | None = None, device: Device = "auto", threads: int = 1) -> TextModel:
        """Load a model folder (None: the shipped one) and run both graphs once.

        Raises:
            ModelError: see `ModelFolder.load` and `OnnxBackend`.
        """
        folder = ModelFolder.load(path)
        encoder = OnnxBackend(folder.path / ENCODER, device, threads)
        return cls(folder, encoder, OnnxBackend(folder.path / CROSS_ENCODER, device, threads))

    def tokenize(self, texts: Sequence[str], limit: int) -> NDArray[np.int32]:
        """Token ids of shape (len(texts), limit), cut and 0-padded on the right."""
        return self._tokeniser(texts, limit)

    def encode(self, tokens: NDArray[np.int32]) -> NDArray[np.float32]:
        """L2-normalised vectors of shape (n, dim) for token ids of shape (n, L); rows without tokens become zeros."""
        tokens = tokens[:, : self._max_tokens - 2]
        vectors = np.zeros((len(tokens), self.dim), np.float32)
        lengths = np.count_nonzero(tokens != PAD, axis=1)
        (filled,) = np.nonzero(lengths)
        for batch in length_batches(lengths[filled] + 2, self._token_budget):
            rows = filled[batch]
            vectors[rows] = self._encoder.run(text_inputs(tokens[rows]))
        return vectors

    def prefixes(self, said: NDArray[np.int32], recent: NDArray[np.int32]) -> NDArray[np.int32]:
        """The user side of pairs, shape (U, max_user_tokens), from danmaku tokens (U, S) and recent titles (U, H, L), most recent first."""
        return user_prefixes(said, recent, self.max_user_tokens)

    def score(self, users: NDArray[np.int32], items: NDArray[np.int32], user_of_pair: NDArray[np.intp]) -> NDArray[np.float32]:
        """How much likelier than by its popularity alone this user buys this item next: a logit per pair, in the caller's order.

        What the graph gives is passed on as it is, NaN included.

        Args:
            users: prefixes, shape (U, max_user_tokens).
            items: token ids of one item per pair, shape (P, max_item_tokens).
            user_of_pair: the row of `users` that belongs to each pair, shape (P,).
        """
        scores = np.empty(len(items), np.float32)
        user_lengths = np.count_nonzero(users != PAD, axis=1)
        lengths = user_lengths[user_of_pair] + np.count_nonzero(items != PAD, axis=1) + 3
        for batch in length_batches(lengths, self._token_budget):
            scores[batch] = self._cross_encoder.run(pair_inputs(users[user_of_pair[batch]], items[batch])).reshape(-1)
        return scores
