"""Late interaction: sides are encoded apart, and what is padded does not count."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from transformers import BertModel

from streamrec.bert.pairs import text_inputs
from streamrec.training.networks.bert import SHARED_ROWS, encoder_config
from streamrec.training.networks.late_network import STATE, LateInteraction, LateScorer, item_inputs, late_from
from streamrec.training.networks.vectors import tensors

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def late() -> LateInteraction:
    torch.manual_seed(0)
    encoder = BertModel(encoder_config(3000, 2), add_pooling_layer=False)
    return late_from(encoder, np.arange(200), 1).eval()


def test_tokens_of_the_texts_keep_their_words_and_others_share(late: LateInteraction) -> None:
    rows = late.encoder.rows.numpy()
    assert rows[:200].tolist() == list(range(200))
    assert rows[200] == rows[200 + SHARED_ROWS] == 200
    assert rows.max() == late.encoder.network.config.vocab_size - 1


def test_states_have_length_one_and_vanish_where_the_mask_is_zero(late: LateInteraction) -> None:
    tokens = np.array([[7, 8, 9, 10], [11, 12, 0, 0]], np.int32)
    with torch.no_grad():
        states = late.encoder(**tensors(text_inputs(tokens)))
    assert states.shape == (2, 6, STATE)
    assert torch.allclose(states.norm(dim=-1), torch.tensor([[1.0] * 6, [1.0] * 4 + [0.0] * 2]), atol=1e-5)


def test_a_pair_scores_the_same_however_far_it_is_padded(late: LateInteraction) -> None:
    users = np.array([[7, 8, 9], [20, 21, 22]], np.int32)
    items = np.array([[30, 31], [32, 33], [34, 0]], np.int32)
    who = np.array([0, 1, 1])
    with torch.no_grad():
        wanted = late(users, items, who)
        padded = late(np.pad(users, ((0, 0), (0, 9))), np.pad(items, ((0, 0), (0, 5))), who)
        alone = torch.cat([late(users[[user]], items[[row]], np.array([0])) for row, user in enumerate(who)])
    assert torch.allclose(wanted, padded, atol=1e-5)
    assert torch.allclose(wanted, alone, atol=1e-5)


def test_an_item_that_has_the_users_words_scores_higher() -> None:
    torch.manual_seed(1)
    states = torch.nn.functional.normalize(torch.randn(3, 4, STATE), dim=-1)
    ones = torch.ones(2, 4, dtype=torch.int32)
    with torch.no_grad():
        same, other = LateScorer()(states[:1], ones[:1], states[[0, 1]], ones, torch.zeros(2, dtype=torch.int64))
    assert same > other + 1


def test_the_token_type_tells_an_item_from_a_user() -> None:
    feeds = item_inputs(np.array([[7, 8], [9, 0]], np.int32))
    assert feeds["token_type_ids"].tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]
