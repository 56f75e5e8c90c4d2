"""BERT as `transformers` builds it: its sizes, how it is loaded, and how it is made smaller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn
from transformers import BertConfig, BertModel

from streamrec.catalogue.prefix import MAX_TOKENS, SPECIAL
from streamrec.errors import ModelMissing

HIDDEN = 128
"""On one core two layers of 128 score 50 short pairs in 10 ms in int8; the six of 384 of MiniLM take 140 ms."""
SHARED_ROWS = 2048
"""Tokens without a text of their own are told apart by chance only: two of them share a row once in 2,048."""


def encoder_config(vocabulary: int, layers: int) -> BertConfig:
    """A BERT of `layers` layers, hidden size 128, four heads."""
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=HIDDEN,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=4 * HIDDEN,
        max_position_embeddings=MAX_TOKENS,
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.0,
    )


def fewer_layers(config: BertConfig, layers: int, vocabulary: int | None = None) -> BertConfig:
    """The same configuration with other layers and, perhaps, another number of words."""
    values = {**config.to_dict(), "num_hidden_layers": layers}
    return BertConfig(**values if vocabulary is None else {**values, "vocab_size": vocabulary})


def load_encoder(folder: Path, **options: Any) -> Any:
    """The encoder saved in `folder`.

    Raises:
        ModelMissing: the step that makes it was not run yet.
    """
    _must_hold_a_network(folder)
    return load_bert(folder, **options)


def load_bert(folder: Path, **options: Any) -> Any:
    """A BERT without pooler; attention heads that were pruned are not there."""
    config = BertConfig.from_pretrained(folder, **options)
    heads = getattr(config, "kept_heads", None)
    if heads is None:
        return BertModel.from_pretrained(folder, add_pooling_layer=False, **options)
    network: Any = BertModel(config, add_pooling_layer=False)
    shrink_heads(network, heads)
    network.load_state_dict(load_file(str(folder / "model.safetensors")))
    return network.eval()


def shrink_heads(network: Any, heads: int) -> None:
    """Leave every attention room for `heads` heads only, of the same width; their weights are new."""
    hidden = network.config.hidden_size
    kept = heads * (hidden // network.config.num_attention_heads)
    for layer in network.encoder.layer:
        attention = layer.attention
        for part in ("query", "key", "value"):
            setattr(attention.self, part, nn.Linear(hidden, kept))
        attention.self.num_attention_heads, attention.self.all_head_size = heads, kept
        attention.output.dense = nn.Linear(kept, hidden)


def shared_rows(table: Any, seen: NDArray[np.int32]) -> tuple[Any, Any]:
    """The row of every token, and a smaller word table: tokens in `seen` keep a row of their own, all others share 2,048."""
    own = np.union1d(np.arange(len(SPECIAL)), seen)
    unseen = np.setdiff1d(np.arange(len(table)), own)
    rows = np.zeros(len(table), np.int64)
    rows[own] = np.arange(len(own))
    rows[unseen] = len(own) + np.arange(len(unseen)) % SHARED_ROWS
    return torch.from_numpy(rows), table.detach()[torch.from_numpy(np.concatenate([own, unseen[:SHARED_ROWS]]))].clone()


def _must_hold_a_network(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise ModelMissing(f"{folder} holds no network; run the step of `streamrec train` that makes it first")
