"""A BERT cross-encoder of Hugging Face layout becomes a model folder: the same scores, in the graphs that a worker runs fastest.

The tokens are renumbered so that the special ones have the ids 0 to 4, and the rows of the word table with them. In the last layer only
[CLS] is computed, the one state that the classifier reads. The graphs for a CPU stay unfused: there ONNX Runtime's own fusions are faster
than its fused attention. That of CUDA is fused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import AutoTokenizer

from streamrec.bert.folder import CROSS_ENCODER, ENCODER, seal
from streamrec.bert.pairs import Feeds, pair_inputs, text_inputs
from streamrec.bert.reference import PAIRS, Reference
from streamrec.bert.session import OnnxSession
from streamrec.bert.tokens import Tokeniser
from streamrec.catalogue.prefix import MAX_ITEM_TOKENS, MAX_USER_TOKENS, SPECIAL
from streamrec.errors import InputError, ModelError
from streamrec.events.files import read_lines
from streamrec.training.graphs.exporting import INPUTS, VectorHead, fuse, trace
from streamrec.training.graphs.half_twin import write_twin
from streamrec.training.graphs.parity import Figures, agreement_of, alike_in_words, check_parity, dropped, narrow_of
from streamrec.training.graphs.quantise import quantise
from streamrec.training.networks.vectors import tensors
from streamrec.training.steps.adoptable import load, require_adoptable, tokens_of

MEASURED = "Largest difference from torch (fp32), agreement with fp32 on a CPU (int8, fp16)"
CHUNK = 16
"""Pairs at a time; every other chunk sets the scales, the rest judge them."""


class _Pair(msgspec.Struct):
    user: str
    item: str


_pair = msgspec.json.Decoder(_Pair)


class FirstTokenClassifier(nn.Module):  # type: ignore[misc]
    """The logit of a BERT classifier; its last layer asks for [CLS] alone."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
        """Logits of shape (batch, 1)."""
        bert = self.network.bert
        states = bert.embeddings(input_ids=input_ids, token_type_ids=token_type_ids)
        hidden = (1.0 - attention_mask[:, None, None, :].to(states.dtype)) * torch.finfo(states.dtype).min
        *layers, last = bert.encoder.layer
        for layer in layers:
            states = self._layer(layer, states, states, hidden)
        return self.network.classifier(bert.pooler(self._layer(last, states[:, :1], states, hidden)))

    def _layer(self, layer: Any, asking: Any, states: Any, hidden: Any) -> Any:
        own = layer.attention.self
        query, key, value = self._heads(own.query(asking)), self._heads(own.key(states)), self._heads(own.value(states))
        shares = torch.softmax(query @ key.transpose(2, 3) / query.shape[-1] ** 0.5 + hidden, -1)
        attended = layer.attention.output((shares @ value).transpose(1, 2).flatten(2), asking)
        return layer.output(layer.intermediate(attended), attended)

    def _heads(self, states: Any) -> Any:
        heads = self.network.config.num_attention_heads
        return states.view(states.shape[0], states.shape[1], heads, states.shape[2] // heads).transpose(1, 2)


class Logit(nn.Module):  # type: ignore[misc]
    """The classifier as its library computes it."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
        """Logits of shape (batch, 1)."""
        return self.network(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).logits


def adopt(
    source: Path, out: Path, name: str, pairs: list[tuple[str, str]], user_tokens: int = MAX_USER_TOKENS, item_tokens: int = MAX_ITEM_TOKENS
) -> Figures:
    """Write the model folder `out` for the cross-encoder in `source`; `pairs` of user and item texts set and judge the int8 scales.

    Returns the largest difference of each fp32 graph from torch, and how far the int8 and fp16 graphs agree with it. One that is unlike is
    not kept: fp32 serves in its place, and card and `config.json` say so.

    Raises:
        InputError: there are too few pairs.
        ModelError: `source` is no BERT with one trained logit, or an fp32 graph is too far from it.
    """
    if len(pairs) < 2 * CHUNK:
        raise InputError(f"{len(pairs)} pairs are too few: give {2 * CHUNK} or more, half of which set the int8 scales and half judge them")
    require_adoptable(source, user_tokens, item_tokens)
    network, loaded = load(source)
    if loaded["missing_keys"]:
        raise ModelError(f"{source} lacks {', '.join(sorted(loaded['missing_keys']))}; name a trained cross-encoder with one logit")
    (out / "onnx").mkdir(parents=True, exist_ok=True)
    order = write_tokeniser(source, out)
    table = network.get_input_embeddings().weight
    if len(order) > len(table):
        raise ModelError(f"the vocabulary of {source} has {len(order)} tokens, its network {len(table)}: they do not belong together")
    with torch.no_grad():
        table[: len(order)] = table[torch.from_numpy(order)]
    limits: dict[str, Any] = {"name": name, "dim": network.config.hidden_size}
    limits |= {"max_item_tokens": item_tokens, "max_user_tokens": user_tokens}
    limits["max_tokens"] = tokens_of(user_tokens, item_tokens)
    tokenise = Tokeniser(out / "tokenizer.json")
    users, items = (tokenise([pair[side] for pair in pairs], limit) for side, limit in ((0, user_tokens), (1, item_tokens)))
    network.eval()
    figures: Figures = {}
    for head, path, feeds in (
        (FirstTokenClassifier(network), CROSS_ENCODER, [pair_inputs(users[rows], items[rows]) for rows in _chunks(len(items))]),
        (VectorHead(network.bert), ENCODER, [text_inputs(items[rows]) for rows in _chunks(len(items))]),
    ):
        figures |= _write_graphs(head, network, out / path, feeds)
    judging = np.arange(len(items))[np.arange(len(items)) // CHUNK % 2 == 1][:PAIRS]
    Reference.of(users[judging], items[judging], out / CROSS_ENCODER, OnnxSession).save(out)
    limits["dropped"] = dropped(narrow_of(figures))
    (out / "config.json").write_text(json.dumps({**network.config.to_diff_dict(), "streamrec": limits}, indent=2) + "\n")
    (out / "README.md").write_text(_card(source, name, figures), encoding="utf-8")
    seal(out)
    return figures


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """User and item texts, one pair a line.

    Raises:
        InputError: the file cannot be read, or a line is no such pair.
    """
    pairs = []
    for number, line in read_lines(path):
        try:
            pair = _pair.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise InputError(f'{path}:{number + 1}: not {{"user": "…", "item": "…"}} ({exc})') from exc
        pairs.append((pair.user, pair.item))
    return pairs


def _write_graphs(head: Any, network: Any, path: Path, feeds: list[Feeds]) -> Figures:
    axes = {name: {0: "batch", 1: "tokens"} for name in INPUTS}
    sample = {name: tensors(feeds[0])[name] for name in INPUTS}
    raw = trace(head.eval(), sample, "output", axes)
    onnx.save(raw, str(path))
    scores = isinstance(head, FirstTokenClassifier)
    parity = check_parity(path, feeds[1::2], lambda batch: network(**tensors(batch)).logits if scores else head(**tensors(batch)))
    if not scores:
        return {path.name: parity}
    narrow = path.with_suffix(".int8.onnx")
    onnx.save(quantise(raw, feeds[::2]), str(narrow))
    # Attention that was traced from the library's own layers fuses, ours does not; only [CLS] of the last layer is left by the twin, too.
    fused = fuse(trace(Logit(network).eval(), sample, "output", axes), network.config, embeddings=True).model
    return {path.name: parity, narrow.name: agreement_of(path, narrow, feeds[1::2]), **write_twin(path, feeds[1::2], fused)}


def _chunks(count: int) -> list[slice]:
    return [slice(start, start + CHUNK) for start in range(0, count, CHUNK)]


def write_tokeniser(source: Path, out: Path) -> NDArray[np.int64]:
    """Write the tokeniser with the special tokens first; returns the former id of every new one."""
    tokeniser = AutoTokenizer.from_pretrained(source)
    tokeniser.save_pretrained(out)
    description = json.loads((out / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary: dict[str, int] = description["model"]["vocab"]
    if missing := [token for token in SPECIAL if token not in vocabulary]:
        raise ModelError(f"the vocabulary of {source} has no {', '.join(missing)}; only WordPiece vocabularies of BERT can be used")
    order = np.arange(len(vocabulary))
    words = sorted(vocabulary, key=vocabulary.__getitem__)
    for wanted, token in enumerate(SPECIAL):
        place = words.index(token)
        words[wanted], words[place] = words[place], words[wanted]
        order[wanted], order[place] = order[place], order[wanted]
    description["model"]["vocab"] = ids = {word: number for number, word in enumerate(words)}
    description |= {"truncation": None, "padding": None, "post_processor": None}
    for token in description["added_tokens"]:
        token["id"] = ids[token["content"]]
    (out / "tokenizer.json").write_text(json.dumps(description, ensure_ascii=False), encoding="utf-8")
    (out / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    return order


def in_words(figures: Figures) -> list[str]:
    """A line for each graph that `adopt` made."""
    narrow = narrow_of(figures)
    return [alike_in_words(file, narrow[file]) if file in narrow else f"{file} {value:.6g}" for file, value in figures.items()]


def _card(source: Path, name: str, figures: Figures) -> str:
    lines = "\n".join(f"* {line}" for line in in_words(figures))
    return (
        f"# {name}\n\nMade by `streamrec models adopt` from the cross-encoder `{source.name}`, whose licence applies.\n"
        "The tokens are renumbered.\n\n"
        f"{MEASURED}:\n\n{lines}\n"
    )
