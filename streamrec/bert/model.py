"""The text model as the ranking uses it: tokens, vectors and the score of (user, item) pairs."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamrec.bert.batcher import MicroBatcher, Ticket
from streamrec.bert.cache import PairKeys, ScoreCache
from streamrec.bert.cutting import RUN_TOKENS
from streamrec.bert.folder import ENCODER, LATE_ENCODER, LATE_SCORER, ModelFolder
from streamrec.bert.held_states import HeldStates
from streamrec.bert.late_interaction import LateInteraction
from streamrec.bert.pairs import pair_inputs, text_inputs
from streamrec.bert.precision import NO_PAIRS, Choice, Precision, cross_encoder
from streamrec.bert.runtime import PROBE, Arrays, Device, Runtime, Session
from streamrec.bert.session import OnnxSession
from streamrec.bert.tokens import Tokeniser
from streamrec.catalogue.prefix import PAD, user_prefixes
from streamrec.catalogue.text import ItemSides
from streamrec.errors import ModelError

CPU_TOKEN_BUDGET = 1536
"""Padded tokens of one run. 8 pairs at a time were 1.1 to 2 times as fast as single ones; 128 were a little slower, beyond the L2 cache."""
CUDA_TOKEN_BUDGET = 32768
"""A GPU is kept busy by some ten thousand tokens a run; with many more, the pairs of one list wait for those of others."""
CUDA_THREADS = 2
"""While one batch runs on the device, the next one is assembled."""
CACHE_MB = 16
"""A million pairs of 16 bytes: the last hundred candidates of ten thousand viewers."""
TOKENISER = "tokenizer.json"
FP32 = Choice("fp32", "set")


class TextModel:
    """A tokeniser, an encoder of texts and mostly a cross-encoder of pairs, all of one folder. Safe to call from several threads."""

    def __init__(
        self,
        folder: ModelFolder,
        encoder: Session,
        cross_encoder: Session | None,
        choice: Choice = FP32,
        threads: int = 1,
        cache_mb: int = CACHE_MB,
        late: LateInteraction | None = None,
        tokeniser: Tokeniser | None = None,
    ) -> None:
        self._tokeniser = Tokeniser(folder.path / TOKENISER) if tokeniser is None else tokeniser
        on_gpu = encoder.device == "cuda"
        budget, threads = (CUDA_TOKEN_BUDGET, CUDA_THREADS) if on_gpu else (CPU_TOKEN_BUDGET, threads)
        run_tokens = RUN_TOKENS if on_gpu else 0
        self._encoder = MicroBatcher(encoder, budget, threads, run_tokens=run_tokens)
        self._pairs = MicroBatcher(cross_encoder, budget, threads, run_tokens=run_tokens) if cross_encoder is not None else None
        self.scores_pairs: bool = cross_encoder is not None
        self._late = late
        self.late_tokens: int = late.tokens if late is not None else 0
        self.late_dim: int = late.dim if late is not None else 0
        self._keys = PairKeys()
        self._cache = ScoreCache(cache_mb << 20)
        self._lock = threading.Lock()
        self._max_tokens = folder.limits.max_tokens
        self.counts: Counter[str] = Counter()
        """Requested pairs by the source of their score: `cached`, `scored`, or `late` when the caller had stopped waiting."""
        self.name: str = folder.name
        self.revision: str = folder.revision
        self.provider: str = (encoder if cross_encoder is None else cross_encoder).provider
        self.precision: str = choice.precision
        self.precision_why: str = choice.why
        self.precision_advice: str = choice.advice
        self.dim: int = folder.limits.dim
        self.max_item_tokens: int = folder.limits.max_item_tokens
        self.max_user_tokens: int = folder.limits.max_user_tokens

    @classmethod
    def load(
        cls,
        path: Path | None = None,
        device: Device = "auto",
        threads: int = 1,
        precision: Precision = "auto",
        cache_mb: int = CACHE_MB,
        late: bool = False,
        runtime: Runtime = OnnxSession,
    ) -> TextModel:
        """Load a model folder (None: the shipped one) and run both graphs once.

        `threads` runs of a graph go on at the same time on the CPU, each on one thread. `auto` takes half precision on a GPU
        and int8 on a CPU where the folder has them, int8 only where it ranks as fp32 does on this processor; item vectors are always
        made in the full one. With `late`, the graphs of the late interaction are loaded, too, if the folder has them. `runtime` loads all
        of them, see `bert/runtime.py`.

        Raises:
            ModelError: see `ModelFolder.load` and `Runtime`; or the folder lacks the precision that was asked for.
        """
        folder = ModelFolder.load(path)
        tokeniser = Tokeniser(folder.path / TOKENISER)
        if not folder.limits.cross:
            return cls(folder, runtime(folder.path / ENCODER, device), None, NO_PAIRS, threads, cache_mb, tokeniser=tokeniser)
        choice, scorer = cross_encoder(folder, tokeniser, device, precision, runtime)
        encoder = runtime(folder.path / ENCODER, scorer.device)
        interaction = _late(folder, scorer.device, runtime) if late and folder.has_late else None
        return cls(folder, encoder, scorer, choice, threads, cache_mb, interaction, tokeniser)

    def close(self) -> None:
        """Stop the threads after their current runs."""
        self._encoder.close()
        if self._pairs is not None:
            self._pairs.close()

    def tokenize(self, texts: Sequence[str], limit: int) -> NDArray[np.int32]:
        """Token ids of shape (len(texts), limit), cut and 0-padded on the right."""
        return self._tokeniser(texts, limit)

    def encode(self, tokens: NDArray[np.int32]) -> NDArray[np.float32]:
        """L2-normalised vectors of shape (n, dim) for token ids of shape (n, L); rows without tokens become zeros."""
        tokens = tokens[:, : self._max_tokens - 2]
        vectors = np.zeros((len(tokens), self.dim), np.float32)
        (filled,) = np.nonzero((tokens != PAD).any(axis=1))
        output = self._encoder.run(text_inputs(tokens[filled])) if len(filled) else None
        if output is not None:
            vectors[filled] = output
        return vectors

    def item_states(self, tokens: NDArray[np.int32]) -> NDArray[np.float16]:
        """Token states of shape (n, late_tokens, late_dim) for token ids of shape (n, max_item_tokens)."""
        return self._late.item_states(tokens) if self._late is not None else np.zeros((len(tokens), 0, 0), np.float16)

    def late_score(
        self, users: NDArray[np.int32], items: ItemSides, slots: NDArray[np.int32], user_of_pair: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """Like `score`, by the `item_states` of the item in each pair's slot."""
        assert self._late is not None
        return self._late.score(users, items, slots, user_of_pair)

    def prefixes(self, said: NDArray[np.int32], recent: NDArray[np.int32]) -> NDArray[np.int32]:
        """The user side of pairs, shape (U, max_user_tokens), from danmaku tokens (U, S) and recent titles (U, H, L), most recent first."""
        return user_prefixes(said, recent, self.max_user_tokens)

    def score(
        self, users: NDArray[np.int32], items: NDArray[np.int32], user_of_pair: NDArray[np.intp], patience_s: float | None = None
    ) -> NDArray[np.float32]:
        """How much likelier than by its popularity alone this user buys this item next: a logit per pair, in the caller's order.

        Equal pairs are scored once, and pairs in the cache not at all. A pair without a score after `patience_s` is NaN; what the graph
        returns is passed on unchanged, NaN included.

        Args:
            users: prefixes, shape (U, max_user_tokens).
            items: token ids of one item per pair, shape (P, max_item_tokens).
            user_of_pair: the row of `users` that belongs to each pair, shape (P,).

        Raises:
            Overloaded: the queue of the model is full.
        """
        return self.ask(users, items, user_of_pair).take(patience_s)

    def ask(self, users: NDArray[np.int32], items: NDArray[np.int32], user_of_pair: NDArray[np.intp]) -> AskedPairs:
        """Begin what `score` does, and return at once; see `AskedPairs.take`.

        Raises:
            Overloaded: the queue of the model is full.
            ModelError: the model has no cross-encoder.
        """
        if self._pairs is None:
            raise ModelError(f"the model {self.name} has no cross-encoder and scores no pairs; name a model folder with one")
        distinct, first, back = np.unique(self._keys(users, items, user_of_pair), return_index=True, return_inverse=True)
        with self._lock:
            scores = self._cache.get(distinct)
        (new,) = np.nonzero(np.isnan(scores))
        ticket = None
        if len(new):
            pairs = first[new]
            ticket = self._pairs.submit(pair_inputs(users, items[pairs], user_of_pair[pairs]))
        return AskedPairs(self, distinct, scores, new, back, ticket)

    def keep(self, keys: NDArray[np.uint64], scores: NDArray[np.float32], cached: int) -> int:
        """Remember the scores of new pairs by key, unless NaN, and count them beside the `cached` pairs; returns how many."""
        known = np.isfinite(scores)
        scored = int(known.sum())
        with self._lock:
            self._cache.put(keys[known], scores[known])
            self.counts.update(cached=cached, scored=scored, late=len(keys) - scored)
        return scored


@dataclass(slots=True)
class AskedPairs:
    """Pairs on their way, see `streamrec.catalogue.text.Asked`: equal ones once, those that are not in the cache as a ticket."""

    model: TextModel
    keys: NDArray[np.uint64]
    scores: NDArray[np.float32]
    """From the cache, NaN where that has none; one for each key."""
    new: NDArray[np.intp]
    """Positions of the others."""
    back: NDArray[np.intp]
    """The position of each pair's key."""
    ticket: Ticket | None
    scored: int = 0
    busy_s: float = 0.0

    def take(self, patience_s: float | None = None) -> NDArray[np.float32]:
        """Wait for the scores, see `TextModel.score`."""
        if self.ticket is not None:
            output = self.ticket.wait(patience_s)
            if output is not None:
                self.scores[self.new] = output.reshape(-1)
            self.busy_s = self.ticket.busy_s()
        self.scored = self.model.keep(self.keys[self.new], self.scores[self.new], len(self.back) - len(self.new))
        return np.asarray(self.scores[self.back])


def _late(folder: ModelFolder, device: Device, load: Runtime) -> LateInteraction:
    encoder = load(folder.path / LATE_ENCODER, device)
    scorer = load(folder.path / LATE_SCORER, device, probe=_late_probe(encoder))
    budget = CUDA_TOKEN_BUDGET if device == "cuda" else CPU_TOKEN_BUDGET
    held = HeldStates(scorer) if device == "cuda" and isinstance(scorer, OnnxSession) else None
    return LateInteraction(encoder, scorer, folder.limits.max_item_tokens, budget, held)


def _late_probe(encoder: Session) -> Arrays:
    states = encoder.run(PROBE)
    mask = np.ones(states.shape[:2], np.int32)
    sides = {"user_states": states, "user_mask": mask, "item_states": states, "item_mask": mask}
    return {**sides, "user_of_pair": np.zeros(1, np.int64)}
