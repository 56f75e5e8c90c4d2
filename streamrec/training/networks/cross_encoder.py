"""The cross-encoder: one BERT over `[CLS] user [SEP] item [SEP]`, and a head that compares the two sides inside it.

score = w . tanh(D h_CLS)                                       what the pair says as a whole
      + a * cos(mean of user states, mean of item states)       how alike the sides are
      + b * sum_j p_j max_t cos(h_t, h_j)                       how well the user's words cover the item's
      + sum_t g_t (max_j cos(e_t, e_j))^3                       which of the user's words the item has

with t over the words of the user, j over those of the item, e the word vectors, h the last states, p a softmax and g a softplus of a
linear map of h.
The comparisons are the late interaction of ColBERT (Khattab & Zaharia 2020), over states that have seen each other. From a few thousand
baskets a head on [CLS] alone did not learn to compare at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import BertModel

from streamrec.catalogue.prefix import SPECIAL
from streamrec.training.networks.bert import fewer_layers, load_bert
from streamrec.training.networks.folders import load_head, outside, save_with_head

HEAD = "head.safetensors"


class CrossEncoder(nn.Module):  # type: ignore[misc]
    """Scores of shape (batch, 1) from token ids, mask and token types."""

    def __init__(self, network: Any, rows: Any = None) -> None:
        """`rows` has the row of the word table for each token; without it, a token's id is its row."""
        super().__init__()
        self.network = network
        if rows is not None:
            self.register_buffer("rows", rows.int())
        self._pruned = rows is not None
        width = network.config.hidden_size
        self.pooler = nn.Linear(width, width)
        self.whole = nn.Linear(width, 1)
        self.gate = nn.Linear(width, 1)
        self.share = nn.Linear(width, 1)
        # The comparisons start large and the linear maps at nothing: the network begins as a matcher of words, and learns
        # where that is wrong. On [CLS] alone it did not learn to compare from a few thousand baskets.
        self.alike = nn.Parameter(torch.tensor(3.0))
        self.cover = nn.Parameter(torch.tensor(3.0))
        for layer in (self.whole, self.gate, self.share):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        # softplus(-2) = 0.13: a shared word says little until the gate learns which words do.
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
        """See the module."""
        words = self.network.embeddings.word_embeddings(self.rows[input_ids] if self._pruned else input_ids)
        states = self.network(inputs_embeds=words, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        word = (input_ids >= len(SPECIAL)).to(states.dtype)
        item = word * token_type_ids.to(states.dtype)
        user = word - item
        alike = (_mean(states, user) * _mean(states, item)).sum(-1, keepdim=True)
        by_state = _cosines(states)
        by_word = _cosines(words)
        share = (self.share(states).squeeze(-1) + (item - 1) * 1e4).softmax(-1) * item
        covered = (share * (by_state + (user - 1).unsqueeze(-1) * 2).amax(1).clamp(min=0)).sum(-1, keepdim=True)
        gate = functional.softplus(self.gate(states).squeeze(-1)) * user
        nearest = (by_word + (item - 1).unsqueeze(1) * 2).amax(2).clamp(min=0)
        named = (gate * nearest * nearest * nearest).sum(-1, keepdim=True)
        whole = self.whole(torch.tanh(self.pooler(states[:, 0])))
        return whole + self.alike * alike + self.cover * covered + named

    def save(self, folder: Path) -> None:
        """Write the BERT as a Hugging Face folder and the head beside it."""
        save_with_head(self.network, outside(self.state_dict(), "network"), folder, HEAD)


def cross_encoder_from(encoder: Any, layers: int) -> CrossEncoder:
    """A cross-encoder whose embeddings and first layers are those of `encoder`."""
    network: Any = BertModel(fewer_layers(encoder.config, layers), add_pooling_layer=False)
    network.load_state_dict(encoder.state_dict(), strict=False)
    return CrossEncoder(network)


def load_cross_encoder(folder: Path, **options: Any) -> CrossEncoder:
    """The cross-encoder saved in `folder`.

    Raises:
        ModelMissing: `streamrec train ranker` was not run yet.
    """
    head = load_head(folder, HEAD, "cross-encoder", "ranker")
    network = CrossEncoder(load_bert(folder, **options), head.get("rows"))
    network.load_state_dict(head, strict=False)
    return network


def _mean(states: Any, weights: Any) -> Any:
    total = (states * weights.unsqueeze(-1)).sum(1)
    return total / (total.square().sum(-1, keepdim=True) + 1e-6).sqrt()


def _cosines(vectors: Any) -> Any:
    unit = vectors / (vectors.square().sum(-1, keepdim=True) + 1e-6).sqrt()
    return unit @ unit.transpose(1, 2)
