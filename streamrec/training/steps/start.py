"""Any BERT folder in Hugging Face layout as the start of a work folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel

from streamrec.errors import ModelError, ModelMissing
from streamrec.training.steps.adopt import write_tokeniser


def start_from(folder: Path, vocabulary: Path, layers: int | None = None) -> Any:
    """The network of `folder`, without pooler, its first `layers` only if that is given; its vocabulary, special tokens first, is saved
    in `vocabulary`.

    Raises:
        ModelMissing: the folder has no config.json or no tokenizer.json.
        ModelError: it is no BERT, or its vocabulary is no WordPiece with the special tokens of BERT.
    """
    for name in ("config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise ModelMissing(f"{folder} has no {name}; name a folder in Hugging Face layout with a BERT in it")
    network = AutoModel.from_pretrained(folder, add_pooling_layer=False)
    if network.config.model_type != "bert":
        raise ModelError(f"{folder} holds a {network.config.model_type}, no BERT; name another folder")
    vocabulary.mkdir(parents=True, exist_ok=True)
    order = write_tokeniser(folder, vocabulary)
    with torch.no_grad():
        table = network.get_input_embeddings().weight
        table[: len(order)] = table[torch.from_numpy(order)]
    network.config.pad_token_id = 0
    if layers is not None and layers < network.config.num_hidden_layers:
        network.encoder.layer = network.encoder.layer[:layers]
        network.config.num_hidden_layers = layers
    return network
