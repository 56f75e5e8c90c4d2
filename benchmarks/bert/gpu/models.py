"""The models that are measured: the shipped one, MiniLM-L6 as published, and BERT-base in its shape, with weights drawn at random."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

from benchmarks.bert import texts
from benchmarks.bert.weights import ITEM_TOKENS, USER_TOKENS, prepare
from streamrec.training.steps.adopt import adopt

PAIRS = 64
SPREAD = 0.04
"""Of the weights: with the customary 0.02 all pairs get nearly one score, of which no precision keeps the order."""


def minilm(folder: Path) -> tuple[Path, Path]:
    """Hugging Face layout, and model folder."""
    prepare(folder, texts.pairs(PAIRS))
    return folder / "hf", folder / "model"


def bert_base(folder: Path, vocabulary: Path) -> tuple[Path, Path]:
    """The same, with the words of another model's folder in Hugging Face layout."""
    torch.manual_seed(0)
    tokeniser = BertTokenizer.from_pretrained(vocabulary)
    config = BertConfig(vocab_size=len(tokeniser), num_labels=1, initializer_range=SPREAD)
    BertForSequenceClassification(config).save_pretrained(folder / "hf")
    tokeniser.model_max_length = USER_TOKENS + ITEM_TOKENS
    tokeniser.save_pretrained(folder / "hf")
    adopt(folder / "hf", folder / "model", "bert-base", texts.pairs(PAIRS), USER_TOKENS, ITEM_TOKENS)
    return folder / "hf", folder / "model"
