"""Any BERT folder in Hugging Face layout can be the start."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertModel

from streamrec.bert.tokens import Tokeniser
from streamrec.catalogue.prefix import SPECIAL
from streamrec.errors import ModelError, ModelMissing
from streamrec.training.networks.cross_encoder import cross_encoder_from
from streamrec.training.steps.start import start_from

pytestmark = pytest.mark.train
PIECES = ["[PAD]", "red", "[UNK]", "mug", "[CLS]", "[SEP]", "##s", "[MASK]", "blue"]


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A BERT of other sizes whose special tokens are elsewhere."""
    tokenizer = Tokenizer(models.WordPiece({piece: number for number, piece in enumerate(PIECES)}, unk_token=SPECIAL[1]))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    folder = tmp_path / "foreign"
    sizes = {"hidden_size": 12, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 20, "max_position_embeddings": 50}
    BertModel(BertConfig(vocab_size=len(PIECES), **sizes), add_pooling_layer=False).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_words_keep_their_vectors_under_their_new_numbers(foreign: Path, tmp_path: Path) -> None:
    network = start_from(foreign, tmp_path / "vocabulary")
    ids = Tokeniser(tmp_path / "vocabulary" / "tokenizer.json")(["Blue mugs", "green"], 4)
    before = BertModel.from_pretrained(foreign, add_pooling_layer=False).get_input_embeddings().weight
    after = network.get_input_embeddings().weight
    assert torch.equal(after[ids[0, :3]], before[[PIECES.index(piece) for piece in ("blue", "mug", "##s")]])
    assert ids[1].tolist() == [1, 0, 0, 0]
    assert torch.equal(after[:5], before[[PIECES.index(piece) for piece in SPECIAL]])
    assert np.array((tmp_path / "vocabulary" / "vocab.txt").read_text().split("\n")[:5]).tolist() == list(SPECIAL)


def test_a_ranker_takes_its_sizes(foreign: Path, tmp_path: Path) -> None:
    ranker = cross_encoder_from(start_from(foreign, tmp_path / "vocabulary"), 2)
    config = ranker.network.config
    assert (config.hidden_size, config.num_hidden_layers, config.intermediate_size, config.vocab_size) == (12, 2, 20, len(PIECES))
    ones = torch.ones(2, 5, dtype=torch.int32)
    assert torch.isfinite(ranker(ones * 7, ones, ones)).all()


def test_only_the_first_layers_are_taken_when_so_many_are_asked_for(foreign: Path, tmp_path: Path) -> None:
    whole, cut = (start_from(foreign, tmp_path / "vocabulary", layers) for layers in (None, 2))
    assert (len(whole.encoder.layer), len(cut.encoder.layer), cut.config.num_hidden_layers) == (3, 2, 2)
    ids = torch.tensor([[2, 7, 8, 3]])
    states = whole(ids, output_hidden_states=True).hidden_states
    assert torch.allclose(cut(ids).last_hidden_state, states[2], atol=1e-6)


def test_a_folder_without_a_bert_is_refused(foreign: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"config\.json"):
        start_from(tmp_path, tmp_path / "vocabulary")
    (foreign / "tokenizer.json").write_text((foreign / "tokenizer.json").read_text().replace("[MASK]", "[HIDE]"))
    with pytest.raises(ModelError, match=r"no \[MASK\]"):
        start_from(foreign, tmp_path / "vocabulary")
