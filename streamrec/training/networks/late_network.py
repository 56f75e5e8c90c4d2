"""Late interaction: users and items are encoded apart, token by token, and a light scorer compares their states.

score = f(x) + w . x,   x = (a, b, c, mean u * mean i, mean i)
    a = cos(mean u, mean i)                   how alike the sides are
    b = sum_j p_j max_t u_t.i_j               how well the user's words cover the item's
    c = sum_t g_t (max_j u_t.i_j)^3           which of the user's words the item has

with states of length 1 (MaxSim, Khattab & Zaharia 2020), f a small network, p a softmax and g a softplus of a linear map of the states.
These are the comparisons of the cross-encoder's head, over states that have not seen each other, so that those of an item are made once.
"""

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
from streamrec.training.networks.bert import fewer_layers, load_bert, shared_rows
from streamrec.training.networks.folders import load_head, outside, save_with_head
from streamrec.training.networks.vectors import tensors

STATE = 32
"""Numbers of a token state: in half precision an item of 26 tokens takes 1.7 kB of a worker's memory."""
HEAD = "late.safetensors"


class LateEncoder(nn.Module):  # type: ignore[misc]
    """States of shape (n, L, 32), of length 1 and 0 where the mask is 0; the token type is 0 for a user and 1 for an item.

    `rows` says which row of the word table a token has: tokens that no training text has share 2,048 rows.
    """

    def __init__(self, network: Any, rows: Any) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("rows", rows.int())
        self.project = nn.Linear(network.config.hidden_size, STATE, bias=False)

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
        """See the class."""
        words = self.network.embeddings.word_embeddings(self.rows[input_ids])
        states = self.network(inputs_embeds=words, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        return functional.normalize(self.project(states), dim=-1) * attention_mask.unsqueeze(-1)


class LateScorer(nn.Module):  # type: ignore[misc]
    """Scores of shape (P,) from states of users (U, Lu, 32) and of items (P, Li, 32), their masks, and the user of each pair (P,)."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(STATE, 1)
        self.share = nn.Linear(STATE, 1)
        self.straight = nn.Linear(3 + 2 * STATE, 1)
        self.bent = nn.Sequential(nn.Linear(3 + 2 * STATE, STATE), nn.GELU(), nn.Linear(STATE, 1))
        for layer in (self.gate, self.share, self.straight, self.bent[2]):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.constant_(self.gate.bias, -2.0)
        with torch.no_grad():
            self.straight.weight[0, :3] = torch.tensor([3.0, 3.0, 1.0])

    def forward(self, user_states: Any, user_mask: Any, item_states: Any, item_mask: Any, user_of_pair: Any) -> Any:
        """See the module."""
        gates = functional.softplus(self.gate(user_states).squeeze(-1)) * user_mask
        user_mean = functional.normalize(user_states.sum(1), dim=-1)[user_of_pair]
        item_mean = functional.normalize(item_states.sum(1), dim=-1)
        shares = (self.share(item_states).squeeze(-1) + (item_mask - 1.0) * 1e4).softmax(-1)
        # States beyond the mask are 0 and so are their products: with the clamp no maximum is theirs.
        near = (item_states @ user_states[user_of_pair].transpose(1, 2)).clamp(min=0)
        covered = (shares * near.amax(2)).sum(-1, keepdim=True)
        nearest = near.amax(1)
        named = (gates[user_of_pair] * nearest * nearest * nearest).sum(-1, keepdim=True)
        both = user_mean * item_mean
        features = torch.cat([both.sum(-1, keepdim=True), covered, named, both, item_mean], 1)
        return (self.straight(features) + self.bent(features)).squeeze(-1)


class LateInteraction(nn.Module):  # type: ignore[misc]
    """Encoder and scorer together, as they are trained."""

    def __init__(self, encoder: LateEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.scorer = LateScorer()

    def forward(self, users: NDArray[np.int32], items: NDArray[np.int32], user_of_pair: NDArray[np.intp]) -> Any:
        """Scores (P,) for token ids of users (U, S) and of items (P, L)."""
        user, item = tensors(text_inputs(users)), tensors(item_inputs(items))
        return self.scorer(
            self.encoder(**user), user["attention_mask"], self.encoder(**item), item["attention_mask"], torch.from_numpy(user_of_pair)
        )

    def save(self, folder: Path) -> None:
        """Write the BERT as a Hugging Face folder and the rest beside it."""
        save_with_head(self.encoder.network, outside(self.state_dict(), "encoder.network"), folder, HEAD)


def item_inputs(tokens: NDArray[np.int32]) -> Any:
    """`[CLS] title [SEP]` with token type 1."""
    feeds = text_inputs(tokens)
    return {**feeds, "token_type_ids": feeds["attention_mask"]}


def late_from(encoder: Any, seen: NDArray[np.int32], layers: int) -> LateInteraction:
    """Late interaction whose words and first layers are those of `encoder`, with rows of their own for the tokens in `seen` only."""
    rows, words = shared_rows(encoder.embeddings.word_embeddings.weight, seen)
    network: Any = BertModel(fewer_layers(encoder.config, layers, len(words)), add_pooling_layer=False)
    weights = {name: value for name, value in encoder.state_dict().items() if name != "embeddings.word_embeddings.weight"}
    network.load_state_dict(weights, strict=False)
    with torch.no_grad():
        network.embeddings.word_embeddings.weight.copy_(words)
    return LateInteraction(LateEncoder(network, rows))


def load_late(folder: Path, **options: Any) -> LateInteraction:
    """The late interaction saved in `folder`.

    Raises:
        ModelMissing: `streamrec train late` was not run yet.
    """
    rest = load_head(folder, HEAD, "late interaction", "late")
    late = LateInteraction(LateEncoder(load_bert(folder, **options), rest["encoder.rows"]))
    late.load_state_dict(rest, strict=False)
    return late
