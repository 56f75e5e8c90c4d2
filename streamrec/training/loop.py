"""The loop of every training step: bar, checkpoints, validation with early stopping, several processes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn

from streamrec.training.processes import Processes

CHECKPOINT = "checkpoint.pt"
CURVE = "losses.jsonl"
Losses = Callable[[], tuple[Any, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how carefully to train.

    Every `every` steps the network is validated and a checkpoint is written, from which `resume` continues. Training ends after `patience`
    validations without an improvement (0: never); the network with the best validation is kept.
    """

    steps: int
    rate: float
    every: int = 50
    patience: int = 0
    resume: bool = False


@dataclass(slots=True)
class _State:
    """The progress of a training, apart from the weights."""

    step: int = 0
    smooth: dict[str, float] = field(default_factory=dict)
    best: float = float("inf")
    waited: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)


class Loop:
    """Trains `network` in the folder `out`. The scalars in `fast` learn ten times as fast; they need not belong to the network."""

    def __init__(self, what: str, plan: Plan, network: Any, out: Path, rng: np.random.Generator, fast: list[Any] | None = None) -> None:
        self._what = what
        self._plan = plan
        self._network = network
        self._out = out
        self._rng = rng
        own = {id(value) for value in network.parameters()}
        self._loose = nn.ParameterList([value for value in fast or () if id(value) not in own])
        self._adam, self._schedule = optimiser(network, plan.rate, plan.steps, fast)
        self._best: dict[str, Any] | None = None
        self._state = _State()
        self.processes = Processes.join()

    def train(self, losses: Losses, validate: Callable[[], float] | None = None) -> dict[str, Any]:
        """Train to the end and return what to record: steps taken, smoothed losses, the best validation.

        Args:
            losses: draws a batch and returns the loss to minimise and the losses to show; with several processes, the share of this one.
            validate: returns the loss on held-out data; called without gradients, and must not draw from the generator.
        """
        if self._plan.resume:
            self._restore()
        state, plan = self._state, self._plan
        with _bar(self.processes.first) as progress:
            task = progress.add_task(self._what, total=plan.steps, completed=state.step, losses="")
            while state.step < plan.steps and not (plan.patience and state.waited >= plan.patience):
                self._network.train()
                total, parts = losses()
                self._descend(total)
                state.step += 1
                step_losses = self.processes.sum_values(parts)
                for name, value in step_losses.items():
                    # What is shown is the mean of some twenty steps: single losses jump by more than they fall.
                    state.smooth[name] = 0.95 * state.smooth[name] + 0.05 * value if name in state.smooth else value
                state.curve.append({"step": state.step, **step_losses})
                if state.step % plan.every == 0 or state.step == plan.steps:
                    if validate:
                        self._validate(validate)
                    self._save()
                shown = " ".join(f"{name} {value:.3f}" for name, value in state.smooth.items())
                progress.update(task, completed=state.step, losses=shown)
        if self._best is not None:
            self._network.load_state_dict(self._best)
        if self.processes.first:
            self._out.mkdir(parents=True, exist_ok=True)
            (self._out / CURVE).write_text("".join(json.dumps(line) + "\n" for line in state.curve))
            (self._out / CHECKPOINT).unlink(missing_ok=True)
        best = {"validation": state.best} if validate else {}
        return {"steps": state.step, "losses": state.smooth, **best}

    def _descend(self, total: Any) -> None:
        self._adam.zero_grad()
        total.backward()
        self.processes.sum_gradients([*self._network.parameters(), *self._loose])
        # As BERT was trained; one odd batch of a few dozen lists would otherwise undo the steps before it.
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._adam.step()
        self._schedule.step()

    def _validate(self, validate: Callable[[], float]) -> None:
        state = self._state
        self._network.eval()
        with torch.no_grad():
            loss = validate()
        state.curve[-1]["validation"] = loss
        if loss < state.best:
            state.best, state.waited, self._best = loss, 0, copy.deepcopy(self._network.state_dict())
        else:
            state.waited += 1

    def _parts(self) -> dict[str, Any]:
        return {"network": self._network, "loose": self._loose, "adam": self._adam, "schedule": self._schedule}

    def _save(self) -> None:
        if not self.processes.first:
            return
        self._out.mkdir(parents=True, exist_ok=True)
        state = self._state
        facts = {name: getattr(state, name) for name in ("step", "smooth", "best", "waited", "curve")}
        kept = {name: part.state_dict() for name, part in self._parts().items()}
        kept |= {"facts": facts, "kept": self._best, "draws": self._rng.bit_generator.state, "dropout": torch.get_rng_state()}
        # Written beside and renamed: whoever is killed here keeps the checkpoint before.
        part = self._out / f"{CHECKPOINT}.part"
        torch.save(kept, part)
        part.replace(self._out / CHECKPOINT)

    def _restore(self) -> None:
        if not (self._out / CHECKPOINT).is_file():
            return
        kept = torch.load(self._out / CHECKPOINT, weights_only=True)
        for name, part in self._parts().items():
            part.load_state_dict(kept[name])
        self._state = _State(**kept["facts"])
        self._best = kept["kept"]
        self._rng.bit_generator.state = kept["draws"]
        torch.set_rng_state(kept["dropout"])


def optimiser(network: Any, rate: float, steps: int, extra: list[Any] | None = None) -> tuple[Any, Any]:
    """AdamW with a tenth of the steps to warm up and a linear way down; `extra` are scalars that learn ten times as fast."""
    # Temperatures and weights start far from where they end, and at the rate of the matrices a few hundred steps would not take them there.
    fast = {id(value) for value in extra or ()}
    groups: list[dict[str, Any]] = [{"params": [value for value in network.parameters() if id(value) not in fast], "lr": rate}]
    if extra:
        groups.append({"params": extra, "lr": 10 * rate, "weight_decay": 0.0})
    adam = torch.optim.AdamW(groups, weight_decay=0.01)
    # Warm-up, linear decay and weight decay as in BERT (Devlin et al. 2019); a fiftieth of the rate is left, so that the last steps count.
    warm = max(1, steps // 10)

    def factor(step: int) -> float:
        return min((step + 1) / warm, max(0.02, (steps - step) / max(1, steps - warm)))

    return adam, torch.optim.lr_scheduler.LambdaLR(adam, factor)


def _bar(visible: bool) -> Progress:
    what, losses = TextColumn("{task.description}"), TextColumn("{task.fields[losses]}")
    console = Console(stderr=True)
    return Progress(what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), losses, console=console, disable=not visible)
