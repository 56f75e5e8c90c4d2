"""The two networks, as `transformers` builds them, and what every training loop needs."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch.nn import functional
from transformers import BertConfig, BertModel

from streamrec.bert.pairs import Feeds, text_inputs
from streamrec.errors import ModelMissing

HIDDEN = 128
MAX_TOKENS = 96
MAX_ITEM_TOKENS = 24
MAX_USER_TOKENS = 40


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


def load_encoder(folder: Path, **options: Any) -> Any:
    """The encoder saved in `folder`.

    Raises:
        ModelMissing: the step that makes it was not run yet.
    """
    _must_hold_a_network(folder)
    return BertModel.from_pretrained(folder, add_pooling_layer=False, **options)


def tensors(feeds: Feeds) -> dict[str, Any]:
    """Model inputs as torch tensors."""
    return {name: torch.from_numpy(array) for name, array in feeds.items()}


def pool(hidden: Any, mask: Any) -> Any:
    """Mean of the token states under the mask, L2-normalised."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=1)


def embed(encoder: Any, tokens: NDArray[np.int32], chunk: int = 256) -> Any:
    """Normalised vectors of token rows, with gradients when they are on; rows are encoded in order of length."""
    lengths = (tokens != 0).sum(axis=1)
    order = np.argsort(lengths, kind="stable")
    parts = []
    for start in range(0, len(order), chunk):
        inputs = tensors(text_inputs(tokens[order[start : start + chunk]]))
        parts.append(pool(encoder(**inputs).last_hidden_state, inputs["attention_mask"]))
    return torch.cat(parts)[torch.from_numpy(np.argsort(order))]


def optimiser(network: Any, rate: float, steps: int, extra: list[Any] | None = None) -> tuple[Any, Any]:
    """AdamW with a tenth of the steps to warm up and a linear way down; `extra` are scalars that learn ten times as fast."""
    fast = {id(value) for value in extra or ()}
    groups: list[dict[str, Any]] = [{"params": [value for value in network.parameters() if id(value) not in fast], "lr": rate}]
    if extra:
        groups.append({"params": extra, "lr": 10 * rate, "weight_decay": 0.0})
    adam = torch.optim.AdamW(groups, weight_decay=0.01)
    warm = max(1, steps // 10)


    def factor(step: int) -> float:
        return min((step + 1) / warm, max(0.02, (steps - step) / max(1, steps - warm)))

    return adam, torch.optim.lr_scheduler.LambdaLR(adam, factor)


def step_down(loss: Any, network: Any, adam: Any, schedule: Any) -> float:
    """One optimiser step on `loss`; its value."""
    adam.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    adam.step()
    schedule.step()
    return float(loss.detach())


def steps_with_bar(what: str, steps: int) -> Iterator[Any]:
    """Once per step a callable that shows the losses, under a progress bar on stderr."""
    losses_column = TextColumn("{task.fields[losses]}")
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), losses_column]
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=steps, losses="")
        smooth: dict[str, float] = {}

        def show(**losses: float) -> dict[str, float]:
            for name, value in losses.items():
                smooth[name] = 0.95 * smooth[name] + 0.05 * value if name in smooth else value
            progress.update(task, losses=" ".join(f"{name} {value:.3f}" for name, value in smooth.items()))
            return smooth

        for _ in range(steps):
            yield show
            progress.advance(task)


def command_line() -> str:
    """The command that runs now, as it was typed."""
    return shlex.join(["streamrec", *sys.argv[1:]])


class Record:
    """What a step of the training was told and how it went; written as `training.json` beside its weights."""

    def __init__(self, seed: int, until: date) -> None:
        self._until = until.isoformat()
        torch.manual_seed(seed)
        self._start = time.monotonic()
        self.seed = seed

    def save(self, folder: Path, **facts: Any) -> None:
        """Write the command line, the seed, the seconds taken and `facts`."""
        folder.mkdir(parents=True, exist_ok=True)
        facts = {
            "command": command_line(),
            "seed": self.seed,
            "until": self._until,
            "seconds": round(time.monotonic() - self._start),
            "torch": torch.__version__,
            **facts,
        }
        (folder / "training.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _must_hold_a_network(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise ModelMissing(f"{folder} holds no network; run the step of `streamrec train` that makes it first")
