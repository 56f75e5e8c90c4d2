"""Any BERT folder in Hugging Face layout as the start of a work folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import AutoModel

from streamrec.bert.tokens import SPECIAL
from streamrec.errors import ModelError, ModelMissing
from streamrec.training.vocabulary import save_vocabulary, wordpiece


def adopt(start: Path, vocabulary: Path, max_tokens: int) -> Any:
    """The network of `start`, without pooler; its vocabulary is saved in `vocabulary`. Special tokens become the first five of both.

    Raises:
        ModelMissing: `start` has no config.json or no tokenizer.json.
        ModelError: it is no BERT, or its vocabulary is no WordPiece with the special tokens of BERT.
    """
    for name in ("config.json", "tokenizer.json"):
        if not (start / name).is_file():
            raise ModelMissing(f"{start} has no {name}; name a folder in Hugging Face layout with a BERT in it")
    network = AutoModel.from_pretrained(start, add_pooling_layer=False)
    tokens = Tokenizer.from_file(str(start / "tokenizer.json")).get_vocab()
    told = json.loads((start / "tokenizer.json").read_text(encoding="utf-8"))
    if network.config.model_type != "bert" or told["model"]["type"] != "WordPiece" or not set(SPECIAL) <= tokens.keys():
        raise ModelError(f"{start} is no BERT with a WordPiece vocabulary; name another folder")
    ordered = [*SPECIAL, *(token for token in sorted(tokens, key=tokens.__getitem__) if token not in SPECIAL)]
    save_vocabulary(wordpiece({token: number for number, token in enumerate(ordered)}), vocabulary, max_tokens)
    table = network.get_input_embeddings()
    with torch.no_grad():
        kept = table.weight[[tokens[token] for token in ordered]].clone()
    network.resize_token_embeddings(len(ordered), mean_resizing=False)
    with torch.no_grad():
        network.get_input_embeddings().weight.copy_(kept)
    network.config.pad_token_id = 0
    return network
