"""First step: masked words, the teacher's sense of what English texts are alike, and captions of one category together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from transformers import BertModel

from streamrec.bert.pairs import text_inputs
from streamrec.bert.tokens import Tokeniser
from streamrec.catalogue.prefix import MASK, SPECIAL
from streamrec.training.data.corpus import Corpus
from streamrec.training.data.teacher import Teacher
from streamrec.training.loop import Loop, Plan
from streamrec.training.networks.bert import encoder_config
from streamrec.training.networks.vectors import embed, tensors
from streamrec.training.record import Record
from streamrec.training.steps.start import start_from

# A new title costs a worker one pass of these layers, and vectors are made when items arrive: one more than the cross-encoder can afford.
LAYERS = 3
WORD_STD = 0.05
TEXTS = 48
# Each text of a batch is compared with all others, so the lesson grows with the square of the batch and the cost with the batch.
PAIRED = 128
TEXT_TOKENS = 32


def pretrain(work: Path, start: Path | None, titles: list[str], corpus: Corpus, layers: int | None, plan: Plan, record: Record) -> None:
    """Train an encoder on short texts and save it in `work/pretrained`.

    It starts from the first `layers` (None: all) of the BERT in the folder `start`, whose vocabulary then replaces that of `work`, or else
    from the teacher's words with `layers` (None: 3) new ones.
    """
    rng = np.random.default_rng(record.seed)
    out, vocabulary = work / "pretrained", work / "vocabulary"
    adopted = start_from(start, vocabulary, layers) if start else None
    tokenise = Tokeniser(vocabulary / "tokenizer.json")
    pieces = (vocabulary / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    teacher = Teacher()
    english = titles + [name for name, _ in corpus.products] + corpus.descriptions
    taught = teacher.vectors(english)
    english_ids = tokenise(english, TEXT_TOKENS)
    caption_ids = tokenise([text for text, _ in corpus.captions], TEXT_TOKENS)
    groups = np.unique([group for _, group in corpus.captions], return_inverse=True)[1]
    everything = np.concatenate([english_ids, caption_ids])
    seen = np.unique(everything)

    encoder: Any = adopted
    if encoder is None:
        encoder = BertModel(encoder_config(len(pieces), layers or LAYERS), add_pooling_layer=False)
        _start_words(encoder, teacher, pieces)
    width = encoder.config.hidden_size
    head = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
    both = nn.ModuleList([encoder, head])
    loop = Loop("pretrain", plan, both, out, rng)

    def losses() -> tuple[Any, dict[str, Any]]:
        masked = _masked_word_loss(encoder, head, everything[rng.choice(len(everything), TEXTS, replace=False)], seen, rng)
        rows = rng.choice(len(english), PAIRED, replace=False)
        alike = _teacher_loss(embed(encoder, english_ids[rows], 64, loop.processes), taught[rows])
        rows = rng.choice(len(caption_ids), PAIRED, replace=False)
        together = _group_loss(embed(encoder, caption_ids[rows], 64, loop.processes), torch.from_numpy(groups[rows]))
        parts = {"words": masked, "teacher": alike, "captions": together}
        parts = {name: value / loop.processes.world for name, value in parts.items()}
        return parts["words"] + 2 * parts["teacher"] + 0.5 * parts["captions"], parts

    training = loop.train(losses)
    if adopted is None:
        _settle_unseen(encoder, pieces, seen)
    if record.first:
        encoder.save_pretrained(out)
    record.save(out, vocabulary=len(pieces), texts=len(everything), pieces_seen=len(seen), **training)


def _start_words(encoder: Any, teacher: Teacher, pieces: list[str]) -> None:
    with torch.no_grad():
        table = encoder.embeddings.word_embeddings.weight
        table.normal_(0, WORD_STD)
        known, vectors = teacher.word_vectors(pieces, table.shape[1], WORD_STD)
        table[known] = vectors
        table[0] = 0


def _masked_word_loss(encoder: Any, head: Any, ids: NDArray[np.int32], seen: NDArray[np.int32], rng: np.random.Generator) -> Any:
    feeds = text_inputs(ids)
    words = feeds["input_ids"]
    # 15 % of the words, of which 80 % are hidden, 10 % swapped and 10 % left as they are (Devlin et al. 2019).
    chosen = (rng.random(words.shape) < 0.15) & (words >= len(SPECIAL))
    if not chosen.any():
        return torch.zeros(())
    answers = torch.from_numpy(np.searchsorted(seen, words[chosen]))
    dice = rng.random(words.shape)
    swapped = np.where(chosen & (dice < 0.9), rng.choice(seen, words.shape), words)
    feeds["input_ids"] = np.where(chosen & (dice < 0.8), MASK, swapped).astype(np.int32)
    states = encoder(**tensors(feeds)).last_hidden_state[torch.from_numpy(chosen)]
    return functional.cross_entropy(head(states) @ encoder.embeddings.word_embeddings.weight[torch.from_numpy(seen)].T, answers)


def _teacher_loss(vectors: Any, taught: Any) -> Any:
    return functional.kl_div(_alike(vectors).log_softmax(1), _alike(taught).softmax(1), reduction="batchmean")


def _alike(vectors: Any) -> Any:
    # The temperature of SimCSE (Gao et al. 2021); a text is not compared with itself.
    return (vectors @ vectors.T).fill_diagonal_(-1.0) / 0.05


def _group_loss(vectors: Any, groups: Any) -> Any:
    same = (groups[:, None] == groups[None, :]).float().fill_diagonal_(0)
    logs = _alike(vectors).log_softmax(1)
    share = same.sum(1)
    return -((logs * same).sum(1)[share > 0] / share[share > 0]).mean()


def _settle_unseen(encoder: Any, pieces: list[str], seen: NDArray[np.int32]) -> None:
    """Characters that no text had get the mean of the ideographs that were seen, plus noise of half their spread."""
    with torch.no_grad():
        table = encoder.embeddings.word_embeddings.weight
        ideographs = np.array([len(piece) == 1 and "\u3400" <= piece <= "\u9fff" for piece in pieces])
        known = np.zeros(len(pieces), bool)
        known[seen] = True
        sample = table[torch.from_numpy(np.flatnonzero(ideographs & known))]
        unseen = torch.from_numpy(np.flatnonzero(ideographs & ~known))
        # The mean says "some ideograph" and the noise keeps two of them apart; untouched start values would be neither.
        table[unseen] = sample.mean(0) + 0.5 * sample.std(0) * torch.randn(len(unseen), table.shape[1])
