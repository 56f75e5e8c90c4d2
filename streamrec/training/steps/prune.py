"""Structured pruning of the cross-encoder: whole attention heads, feed-forward neurons and word rows go, then it recovers.

The importance of a head or neuron is the mean of |activation x gradient| over the tokens of real lists, what the loss would change by
without it to the first order (Michel et al. 2019). Tokens that no training text has share rows of the word table.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import BertModel

from streamrec.training.loop import Plan
from streamrec.training.networks.bert import fewer_layers, shared_rows, shrink_heads
from streamrec.training.networks.cross_encoder import CrossEncoder, load_cross_encoder
from streamrec.training.record import Record
from streamrec.training.steps.list_training import pair_scores, softmax_loss, train_on_lists
from streamrec.training.steps.material import ListSource, Material

BATCHES = 4
"""1,536 pairs: the importance is a mean over all their tokens, and only its order matters."""


def prune_ranker(material: Material, out: Path, heads: int, neurons: int, plan: Plan, record: Record) -> dict[str, int]:
    """Prune `work/ranker`, let it recover taught by what it was, and save it in `out`; parameters before and after."""
    source, held = material.sources(record.seed)
    full = load_cross_encoder(material.work / "ranker")
    importance = _importance(full, source)
    slim = slimmed(full, importance, heads, neurons, source)
    full.eval()

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def taught(lists: Any) -> Any:
        return pair_scores(full, lists)

    training = train_on_lists("prune", plan, slim, partial(pair_scores, slim), source, held, out, [slim.alike, slim.cover], taught)
    if record.first:
        slim.save(out)
    counts = {"parameters_before": count(full), "parameters": count(slim)}
    record.save(out, heads=heads, neurons=neurons, **counts, **training)
    return counts


def slimmed(full: CrossEncoder, importance: dict[str, Any], heads: int, neurons: int, source: ListSource) -> CrossEncoder:
    """A cross-encoder with the `heads` and `neurons` of every layer that matter most, and rows of its own for seen tokens only."""
    config = full.network.config
    rows, words = shared_rows(full.network.get_input_embeddings().weight, source.seen)
    smaller = fewer_layers(config, config.num_hidden_layers, len(words))
    smaller.intermediate_size = neurons
    smaller.kept_heads = heads
    network: Any = BertModel(smaller, add_pooling_layer=False)
    shrink_heads(network, heads)
    width = config.hidden_size // config.num_attention_heads
    weights = {name: value.clone() for name, value in full.network.state_dict().items()}
    weights["embeddings.word_embeddings.weight"] = words
    for layer in range(config.num_hidden_layers):
        prefix = f"encoder.layer.{layer}"
        best = importance[f"{prefix}.attention"].view(-1, width).sum(1).topk(heads).indices.sort().values
        kept = (best[:, None] * width + torch.arange(width)).reshape(-1)
        for part in ("query", "key", "value"):
            for kind in ("weight", "bias"):
                name = f"{prefix}.attention.self.{part}.{kind}"
                weights[name] = weights[name][kept]
        name = f"{prefix}.attention.output.dense.weight"
        weights[name] = weights[name][:, kept]
        kept = importance[prefix].topk(neurons).indices.sort().values
        for kind in ("weight", "bias"):
            name = f"{prefix}.intermediate.dense.{kind}"
            weights[name] = weights[name][kept]
        name = f"{prefix}.output.dense.weight"
        weights[name] = weights[name][:, kept]
    network.load_state_dict(weights)
    slim = CrossEncoder(network, rows)
    slim.load_state_dict({name: value for name, value in full.state_dict().items() if not name.startswith("network.")}, strict=False)
    return slim


def count(network: Any) -> int:
    """Trained parameters."""
    return sum(value.numel() for value in network.parameters())


def _importance(network: CrossEncoder, source: ListSource) -> dict[str, Any]:
    """Mean |activation x gradient| of every input of the two dense layers that end the halves of each layer."""
    importance: dict[str, Any] = defaultdict(float)
    seen: dict[str, Any] = {}

    def watch(name: str, _: Any, inputs: tuple[Any, ...]) -> None:
        inputs[0].retain_grad()
        seen[name] = inputs[0]

    hooks = []
    for number, layer in enumerate(network.network.encoder.layer):
        name = f"encoder.layer.{number}"
        hooks.append(layer.attention.output.dense.register_forward_pre_hook(partial(watch, f"{name}.attention")))
        hooks.append(layer.output.dense.register_forward_pre_hook(partial(watch, name)))
    weight = nn.Parameter(torch.tensor(1.0))
    for _ in range(BATCHES):
        lists = source.bought()
        softmax_loss(pair_scores(network, lists), lists, weight).backward()
        for name, value in seen.items():
            importance[name] = importance[name] + (value * value.grad).detach().abs().flatten(0, -2).mean(0)
    for hook in hooks:
        hook.remove()
    network.zero_grad()
    return dict(importance)
